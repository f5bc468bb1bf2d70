/** What came back for a message. */

import { decodeMessage, decodePart, messageParts } from "../codec.js";
import { textOf } from "../content.js";
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

  /** @param {string} kind @returns {Wire[]} */
  #of(kind) {
    return this.events.filter((event) => event.event === kind).map((event) => event[kind]);
  }
}
