/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./content.js").JsonObject} JsonObject */
/** An agent that the plugin hosts. `config` is what its operator set for it. */
export class Agent {
    /**
     * @param {{id: string, name?: string, description?: string, config?: Record<string, any>,
     *   metadata?: Record<string, string>}} fields
     */
    constructor({ id, name, description, config, metadata }: {
        id: string;
        name?: string;
        description?: string;
        config?: Record<string, any>;
        metadata?: Record<string, string>;
    });
    id: string;
    name: string;
    description: string;
    config: Record<string, any>;
    metadata: Record<string, string>;
}
/** A message for `agent`. What is read only now and then is parsed only then. */
export class Turn {
    /** @param {Wire} request @param {Agent} agent */
    constructor(request: Wire, agent: Agent);
    agent: Agent;
    /** The text parts of the message, one under another. */
    get text(): string;
    /** Every part of the message: text, files, links, data. */
    get parts(): any;
    /**
     * The task's earlier messages, oldest first.
     * @returns {import("./content.js").Message[]}
     */
    get history(): import("./content.js").Message[];
    /**
     * The request's metadata, and over it the message's.
     * @returns {Record<string, any>}
     */
    get metadata(): Record<string, any>;
    /**
     * What this conversation left at the end of its last turn; what is in it at the end of this one is kept.
     *
     * JSON values by name, at most a MiB. plugin.yaml says `conversation_memory: true`.
     * @returns {Memory}
     */
    get memory(): Memory;
    /** The bytes to send with the last event; null where nothing was changed. */
    memoryToKeep(): Uint8Array<ArrayBufferLike> | null;
    /** A bearer token for A2A calls in the caller's name, while this turn runs; empty where there is none. @returns {string} */
    get token(): string;
    /** Where AgentX answers such calls: an agent's address is `{agentxUrl}/a2a/{agent}/`. @returns {string} */
    get agentxUrl(): string;
    /** The agent's configuration. */
    get config(): Record<string, any>;
    /** The conversation: the same for every task of it. @returns {string} */
    get contextId(): string;
    /** The task: the same for every turn of it. @returns {string} */
    get taskId(): string;
    /** The message's id, as its sender made it. @returns {string} */
    get messageId(): string;
    /** The id that the core's log has for this call. @returns {string} */
    get requestId(): string;
    /** Who sent the message, as AgentX knows them; empty for an anonymous caller. @returns {string} */
    get caller(): string;
    /** The W3C trace context, to hand on. @returns {string} */
    get traceparent(): string;
    /** The media types that the caller can take; empty: any. @returns {string[]} */
    get acceptedOutputModes(): string[];
    /** Seconds until the caller stops waiting; null when there is no deadline. */
    get secondsLeft(): number | null;
    /**
     * Aborted when the caller gave up, or when the turn took too long: hand it to `fetch`, to timers,
     * to whatever takes one.
     * @returns {AbortSignal}
     */
    get signal(): AbortSignal;
    /** Whether the caller gave up, or the turn took too long. */
    get cancelled(): boolean;
    /**
     * Say that nobody waits for this turn any more, and why.
     * @param {Error} [reason] AbortError when none is given.
     * @internal
     */
    cancel(reason?: Error): void;
    /**
     * What a promise gives, unless the turn is cancelled before: then it is thrown that it was.
     * One at a time: a turn waits for one thing.
     * @template T
     * @param {T | PromiseLike<T>} promise
     * @returns {Promise<T>}
     * @internal
     */
    orCancelled<T>(promise: T | PromiseLike<T>): Promise<T>;
    #private;
}
/** @type {AsyncLocalStorage<Turn>} */
export const currentTurn: AsyncLocalStorage<Turn>;
export type Wire = import("./wire.js").Wire;
export type JsonObject = import("./content.js").JsonObject;
import { Memory } from "./memory.js";
import { AsyncLocalStorage } from "node:async_hooks";
