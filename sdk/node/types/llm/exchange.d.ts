/**
 * `history` is what was said before `message`, oldest first, as far as the agent's limits let it be.
 * `signal` is aborted when the caller gave up, and at the agent's limit of a turn: hand it to the framework.
 */
export class Exchange {
    /** @param {Turn} turn @param {AgentConfig} spec @param {Remote} remote */
    constructor(turn: Turn, spec: AgentConfig, remote: Remote);
    /** @type {Usage[]} */
    usage: Usage[];
    turn: import("../turn.js").Turn;
    spec: import("./config.js").AgentConfig;
    remote: import("./remote.js").Remote;
    message: ChatMessage;
    history: ChatMessage[];
    /** @returns {AbortSignal} */
    get signal(): AbortSignal;
    /** The history and the new message, as a model is to be told them; without the instructions. */
    get messages(): ChatMessage[];
    /** What this framework keeps of the conversation: JSON values by name. @returns {Record<string, any>} */
    get native(): Record<string, any>;
    /** Agents that wait for an answer in this conversation: the task of each. @returns {Record<string, string>} */
    get asked(): Record<string, string>;
    /** What the caller answered to an `InputRequired`: the data of a data part, else the text. */
    get answer(): any;
    /** Let who follows the task see it now. @param {unknown} item */
    emit(item: unknown): void;
    /** Count a request to the model. Throws TaskFailed at one more than the agent's `max_steps`. */
    step(): void;
    /**
     * Show what one of several agents said on the way to the answer: a status, no part of the answer.
     * @param {string} name @param {import("../content.js").Content} content
     */
    memberSaid(name: string, content: import("../content.js").Content): void;
    /**
     * What `items` yields and what is emitted meanwhile, in the order it happens.
     *
     * Throws TaskFailed for a model that fails and for a turn that takes too long. Left early, it ends the
     * framework's work before it returns.
     * @param {AsyncIterator<unknown>} items
     */
    run(items: AsyncIterator<unknown>): AsyncGenerator<unknown, void, unknown>;
    /** What was used by a turn that fails, for its status. @returns {Record<string, unknown>} */
    usageTold(): Record<string, unknown>;
    /** Keep what was said in this turn with the conversation. */
    remember(): void;
    #private;
}
/** @type {AsyncLocalStorage<Exchange>} */
export const currentExchange: AsyncLocalStorage<Exchange>;
export type Turn = import("../turn.js").Turn;
export type AgentConfig = import("./config.js").AgentConfig;
export type Remote = import("./remote.js").Remote;
import { Usage } from "../content.js";
import { ChatMessage } from "./messages.js";
import { AsyncLocalStorage } from "node:async_hooks";
