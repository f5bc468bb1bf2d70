/** One message on its way through an agent, as the agent's author sees it. */

import { AsyncLocalStorage } from "node:async_hooks";

import { decodeMessage, jsonObject, messageParts } from "./codec.js";
import { textOf } from "./content.js";
import { Memory } from "./memory.js";

/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./content.js").JsonObject} JsonObject */

/** An agent that the plugin hosts. `config` is what its operator set for it. */
export class Agent {
  /**
   * @param {{id: string, name?: string, description?: string, config?: Record<string, any>,
   *   metadata?: Record<string, string>}} fields
   */
  constructor({ id, name = "", description = "", config = {}, metadata = {} }) {
    this.id = id;
    this.name = name;
    this.description = description;
    this.config = config;
    this.metadata = metadata;
  }
}

/** A message for `agent`. What is read only now and then is parsed only then. */
export class Turn {
  #request;
  #controller = new AbortController();
  /** @type {((reason: unknown) => void) | null} */
  #onCancel = null;

  /** @param {Wire} request @param {Agent} agent */
  constructor(request, agent) {
    this.#request = request;
    this.agent = agent;
  }

  /** The text parts of the message, one under another. */
  get text() {
    return textOf(this.parts);
  }

  /** Every part of the message: text, files, links, data. */
  get parts() {
    return this.#once("parts", () => messageParts(this.#request.message));
  }

  /**
   * The task's earlier messages, oldest first.
   * @returns {import("./content.js").Message[]}
   */
  get history() {
    return this.#once("history", () => this.#request.history.map(decodeMessage));
  }

  /**
   * The request's metadata, and over it the message's.
   * @returns {Record<string, any>}
   */
  get metadata() {
    return this.#once("metadata", () => ({
      ...jsonObject(this.#request.metadataJson),
      ...jsonObject(this.#message.metadataJson ?? "", this.#message.metadata),
    }));
  }

  /**
   * What this conversation left at the end of its last turn; what is in it at the end of this one is kept.
   *
   * JSON values by name, at most a MiB. plugin.yaml says `conversation_memory: true`.
   * @returns {Memory}
   */
  get memory() {
    return this.#once("memory", () => new Memory(this.#request.memory));
  }

  /** The bytes to send with the last event; null where nothing was changed. */
  memoryToKeep() {
    return Object.hasOwn(this, "memory") ? this.memory.encoded() : null;
  }

  /** A bearer token for A2A calls in the caller's name, while this turn runs; empty where there is none. @returns {string} */
  get token() {
    return this.#request.turnToken ?? "";
  }

  /** Where AgentX answers such calls: an agent's address is `{agentxUrl}/a2a/{agent}/`. @returns {string} */
  get agentxUrl() {
    return this.#request.agentxUrl ?? "";
  }

  /** The agent's configuration. */
  get config() {
    return this.agent.config;
  }

  /** The conversation: the same for every task of it. @returns {string} */
  get contextId() {
    return this.#request.contextId || this.#message.conversationId || "";
  }

  /** The task: the same for every turn of it. @returns {string} */
  get taskId() {
    return this.#request.taskId || this.#message.taskId || "";
  }

  /** The message's id, as its sender made it. @returns {string} */
  get messageId() {
    return this.#message.id ?? "";
  }

  /** The id that the core's log has for this call. @returns {string} */
  get requestId() {
    return this.#request.requestId;
  }

  /** Who sent the message, as AgentX knows them; empty for an anonymous caller. @returns {string} */
  get caller() {
    return this.#request.caller;
  }

  /** The W3C trace context, to hand on. @returns {string} */
  get traceparent() {
    return this.#request.traceparent;
  }

  /** The media types that the caller can take; empty: any. @returns {string[]} */
  get acceptedOutputModes() {
    return [...this.#request.acceptedOutputModes];
  }

  /** Seconds until the caller stops waiting; null when there is no deadline. */
  get secondsLeft() {
    const deadline = this.#request.deadlineMs;
    return deadline ? Math.max(0, (deadline - Date.now()) / 1000) : null;
  }

  /**
   * Aborted when the caller gave up, or when the turn took too long: hand it to `fetch`, to timers,
   * to whatever takes one.
   * @returns {AbortSignal}
   */
  get signal() {
    return this.#controller.signal;
  }

  /** Whether the caller gave up, or the turn took too long. */
  get cancelled() {
    return this.#controller.signal.aborted;
  }

  /**
   * Say that nobody waits for this turn any more, and why.
   * @param {Error} [reason] AbortError when none is given.
   * @internal
   */
  cancel(reason) {
    if (this.cancelled) return;
    this.#controller.abort(reason);
    this.#onCancel?.(this.signal.reason);
  }

  /**
   * What a promise gives, unless the turn is cancelled before: then it is thrown that it was.
   * One at a time: a turn waits for one thing.
   * @template T
   * @param {T | PromiseLike<T>} promise
   * @returns {Promise<T>}
   * @internal
   */
  async orCancelled(promise) {
    this.signal.throwIfAborted();
    try {
      return await new Promise((resolve, reject) => {
        this.#onCancel = reject;
        Promise.resolve(promise).then(resolve, reject);
      });
    } finally {
      this.#onCancel = null;
    }
  }

  get #message() {
    return this.#request.message ?? {};
  }

  /** @param {string} name @param {() => any} make */
  #once(name, make) {
    const value = make();
    Object.defineProperty(this, name, { value, enumerable: true });
    return value;
  }
}

/** @type {AsyncLocalStorage<Turn>} */
export const currentTurn = new AsyncLocalStorage();
