/** What an adapter returns or yields, as the events of a turn. */

import { createHash } from "node:crypto";

import * as codec from "./codec.js";
import {
  Artifact,
  DirectMessage,
  Message,
  Part,
  Reply,
  Status,
  ToolCall,
  ToolResult,
  Usage,
  part,
} from "./content.js";
import { STATES } from "./wire.js";

/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./turn.js").Turn} Turn */

const GOING_ON = new Set(["submitted", "working"]);
const WAITING = "auth_required"; // who follows the task may see it go on
const LONGEST_KEY = 80; // characters; the core keeps 128 of an id, and a name stands before the key

/**
 * The events of one turn, in order.
 *
 * Live: each piece of the reply leaves at once, appended to one artifact. Otherwise the pieces wait
 * and leave as one artifact at the end. Ids follow from the message's, so that a message delivered
 * twice makes the same artifacts twice and not two of each; another message of the task that came
 * under the same id makes its own.
 */
export class EventWriter {
  #turn;
  #live;
  #key;
  /** @type {Wire[]} */
  #replyParts = [];
  /** @type {string[]} */
  #replyTexts = [];
  /** @type {import("./content.js").JsonObject} */
  #replyMetadata = {};
  #replyBegun = false;
  #made = 0;
  #waiting = false;
  #begun = false;
  /** @type {Map<string, import("./content.js").JsonObject>} By model. */
  #usage = new Map();
  ended = false;

  /** @param {Turn} turn @param {{live: boolean}} options */
  constructor(turn, { live }) {
    this.#turn = turn;
    this.#live = live;
    this.#key = keyOf(turn);
  }

  /**
   * The events that may leave now because of `item`. Throws TypeError.
   * @param {unknown} item
   * @returns {Wire[]}
   */
  add(item) {
    if (item === undefined || item === null) return [];
    if (item instanceof DirectMessage) return [this.#direct(item)];
    if (item instanceof Usage) return this.#count(item);
    this.#begun = true;
    this.#waiting = false;
    if (item instanceof Status) return this.#status(item);
    if (item instanceof ToolCall || item instanceof ToolResult) return this.#status(new Status(toolPart(item)));
    // The reply keeps its place among the artifacts, as it does when it leaves piece by piece.
    if (item instanceof Artifact) return [...this.#flush(false), this.#artifact(item)];
    if (item instanceof Message) return [{ message: this.#message(item) }];
    return this.#reply(item);
  }

  /**
   * The events that end the turn.
   * @returns {Wire[]}
   */
  finish() {
    if (this.ended || this.#waiting) return [];
    const metadata = codec.objectJson(this.#told({}));
    return [...this.#flush(true), { status: { state: STATES.completed, metadata } }];
  }

  /** What the models took so far: one entry for each. */
  get usage() {
    return [...this.#usage.values()];
  }

  /** @param {Usage} usage @returns {Wire[]} */
  #count(usage) {
    const before = this.#usage.get(usage.model);
    const entry = /** @type {Record<string, any>} */ (before ?? { model: usage.model, inputTokens: 0, outputTokens: 0 });
    entry.inputTokens += usage.inputTokens;
    entry.outputTokens += usage.outputTokens;
    if (usage.cost !== null) {
      entry.cost = (entry.cost ?? 0) + usage.cost;
      entry.currency = usage.currency;
    }
    this.#usage.set(usage.model, entry);
    return [];
  }

  /** A last status's metadata, with what the models took. @param {Record<string, any>} metadata */
  #told(metadata) {
    if (!this.#usage.size) return metadata;
    return { ...metadata, agentx: { ...metadata.agentx, usage: this.usage } };
  }

  /** @param {DirectMessage} message */
  #direct(message) {
    if (this.#begun) {
      throw new TypeError("a DirectMessage is the whole answer: nothing may come before it");
    }
    this.ended = true;
    return { reply: { ...this.#message(message), taskId: "" } };
  }

  /** @param {Status} status */
  #status(status) {
    const state = STATES[status.state];
    if (!state) {
      throw new TypeError(`"${status.state}" is not a state: ${Object.keys(STATES).join(", ")}`);
    }
    this.#waiting = this.#live && status.state === WAITING;
    this.ended = !this.#waiting && !GOING_ON.has(status.state);
    const change = {
      state,
      message: status.parts.length ? this.#message(new Message(status.parts)) : null,
      metadata: codec.objectJson(this.ended ? this.#told(status.metadata) : status.metadata),
      reason: status.reason,
    };
    return [...(this.ended ? this.#flush(true) : []), { status: change }];
  }

  /** @param {Artifact} artifact */
  #artifact(artifact) {
    this.#made += artifact.append ? 0 : 1;
    const own = `${artifact.name || "artifact"}-${this.#made}-${this.#key}`;
    const wire = {
      artifactId: artifact.artifactId || own,
      name: artifact.name,
      description: artifact.description,
      parts: codec.encodeParts(artifact.parts),
      metadata: codec.objectJson(artifact.metadata),
    };
    return { artifact: { artifact: wire, append: artifact.append, lastChunk: artifact.lastChunk } };
  }

  /** @param {Message} message */
  #message(message) {
    this.#made += 1;
    const turn = this.#turn;
    const messageId = `message-${this.#made}-${this.#key}`;
    const ids = { messageId, taskId: turn.taskId, contextId: turn.contextId };
    return { ...codec.encodeMessage(message, ids), fromAgentId: turn.agent.id };
  }

  /** @param {unknown} item */
  #reply(item) {
    if (this.#live && item === "") return []; // frameworks yield empty tokens
    const parts = replyParts(item);
    if (item instanceof Reply) Object.assign(this.#replyMetadata, item.metadata);
    if (this.#live) return [this.#replyEvent(parts, false)];
    parts.forEach((each) => this.#keep(each));
    return [];
  }

  /** @param {Wire} wire */
  #keep(wire) {
    if (isPlainText(wire)) {
      this.#replyTexts.push(wire.text);
    } else {
      this.#seal();
      this.#replyParts.push(wire);
    }
  }

  /** Pieces of text that follow one another are one part. */
  #seal() {
    if (this.#replyTexts.length) this.#replyParts.push({ text: this.#replyTexts.join("") });
    this.#replyTexts = [];
  }

  /** @param {boolean} lastChunk @returns {Wire[]} */
  #flush(lastChunk) {
    this.#seal();
    const parts = this.#replyParts;
    this.#replyParts = [];
    return parts.length ? [this.#replyEvent(parts, lastChunk)] : [];
  }

  /** @param {Wire[]} parts @param {boolean} lastChunk */
  #replyEvent(parts, lastChunk) {
    const append = this.#replyBegun;
    this.#replyBegun = true;
    const artifact = {
      artifactId: `reply-${this.#key}`,
      name: "reply",
      parts,
      metadata: codec.objectJson(this.#replyMetadata),
    };
    return { artifact: { artifact, append, lastChunk } };
  }
}

/** @param {unknown} item @returns {Wire[]} */
function replyParts(item) {
  if (typeof item === "string") return [{ text: item }];
  if (item instanceof Reply) return codec.encodeParts(item.parts);
  return [codec.encodePart(item instanceof Part ? item : part(item))];
}

/** @param {Wire} wire */
function isPlainText(wire) {
  return wire.text !== undefined && !(wire.mediaType || wire.filename || wire.metadata);
}

/** A data part; its metadata says what it is. @param {ToolCall | ToolResult} item */
function toolPart(item) {
  const { id, name } = item;
  if (item instanceof ToolCall) {
    return new Part({ data: { id, name, arguments: item.arguments }, metadata: { agentx: { kind: "tool_call" } } });
  }
  const told = item.error ? { error: item.error } : { result: item.result };
  return new Part({ data: { id, name, ...told }, metadata: { agentx: { kind: "tool_result" } } });
}

/** The turn among those of its task. @param {Turn} turn */
function keyOf(turn) {
  const given = turn.messageId || turn.requestId || turn.taskId;
  const toldBefore = turn.history.filter((said) => said.messageId === given).length;
  const key =
    given.length > LONGEST_KEY ? createHash("sha256").update(given).digest("hex") : given;
  return toldBefore ? `${key}-${toldBefore + 1}` : key;
}
