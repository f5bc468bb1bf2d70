/** What came back for a message. */

import { decodeMessage, decodePart, jsonObject, messageParts } from "../codec.js";
import { SCHEMA_TYPE, textOf } from "../content.js";
import { STATES } from "../wire.js";

/** @typedef {import("../wire.js").Wire} Wire */

const NAMES = Object.fromEntries(Object.entries(STATES).map(([name, value]) => [value, name]));

/** The events of one turn, and what they amount to. */
export class Answer {
  /** @param {Wire[]} responses */
  constructor(responses) {
    /** @type {Wire[]} As they came. */
    this.events = responses.flatMap((response) => response.events);
    this.success = responses.every((response) => response.success);
    /** @type {string} */
    this.error = responses.map((response) => response.error).findLast(Boolean) ?? "";
    /** @type {string} A word for programs. */
    this.errorCode = responses.map((response) => response.errorCode).findLast(Boolean) ?? "";
    /** @type {Uint8Array | null} What to remember of the conversation; null: as before. */
    this.memory = responses.map((response) => response.memory).findLast(Boolean) ?? null;
    /** @type {Record<string, any>} What a failure says for programs. */
    this.failure = Object.assign({}, ...responses.map((response) => jsonObject(response.metadataJson)));
  }

  /** The state the turn ended in: "completed", "input_required", …; "failed" on failure. */
  get state() {
    if (!this.success) return "failed";
    const [last] = this.#of("status").slice(-1);
    return last ? NAMES[last.state] : "";
  }

  /** The text of every artifact, pieces joined as they came. */
  get text() {
    return this.parts.map((part) => part.text ?? "").join("");
  }

  /** The words of the last change of state: a question, or why it was rejected. */
  get question() {
    const [last] = this.#of("status").slice(-1);
    return last ? textOf(messageParts(last.message)) : "";
  }

  /** The direct message that stands in place of a task, or null. */
  get reply() {
    const [last] = this.#of("reply").slice(-1);
    return last ? decodeMessage(last) : null;
  }

  /** The parts of every artifact. */
  get parts() {
    return this.artifacts.flatMap((artifact) => artifact.parts.map(decodePart));
  }

  /** Every artifact change, as it came. @returns {Wire[]} */
  get artifacts() {
    return this.#of("artifact").map((change) => change.artifact);
  }

  /** The tools that were called: `{id, name, arguments}`. */
  get toolCalls() {
    return this.#told("tool_call");
  }

  /** What came of them: `{id, name, result}`, or "error" in place of "result". */
  get toolResults() {
    return this.#told("tool_result");
  }

  /** What each model took: `{model, inputTokens, outputTokens, cost?, currency?}`. @returns {Record<string, any>[]} */
  get usage() {
    const [last] = this.#of("status").slice(-1);
    const told = { ...jsonObject(last?.metadata ?? ""), ...this.failure };
    return /** @type {any} */ (told).agentx?.usage ?? [];
  }

  /** The JSON Schema of the answer that an `InputRequired` asks for, or null. @returns {Record<string, any> | null} */
  get form() {
    const [last] = this.#of("status").slice(-1);
    const forms = messageParts(last?.message ?? null).filter((part) => part.mediaType === SCHEMA_TYPE);
    return /** @type {any} */ (forms[0]?.data ?? null);
  }

  /** @param {string} kind @returns {Record<string, any>[]} */
  #told(kind) {
    const parts = this.#of("status").flatMap((status) => messageParts(status.message));
    const told = parts.filter((part) => /** @type {any} */ (part.metadata).agentx?.kind === kind);
    return told.map((part) => /** @type {any} */ (part.data));
  }

  /** @param {string} kind @returns {Wire[]} */
  #of(kind) {
    return this.events.filter((event) => event.event === kind).map((event) => event[kind]);
  }
}
