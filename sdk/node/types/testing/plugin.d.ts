/**
 * A process that is initialized and hosts `agents`: a slug and a configuration for each.
 *
 * Without `agents`, those of its plugin.yaml, else one named "agent". Its lease is renewed until
 * the end unless `renew` is false.
 */
export class PluginProcess extends Process {
    /**
     * A running plugin; `end` it when you are done. Throws LaunchFailed.
     * @param {string} folder @param {PluginOptions} [options]
     */
    static start(folder: string, options?: PluginOptions): Promise<PluginProcess>;
    /** @param {string} folder @param {PluginOptions} [options] */
    constructor(folder: string, options?: PluginOptions);
    options: PluginOptions;
    agents: Record<string, object>;
    /**
     * By agent and conversation (`agent/context`), as the core keeps it. The core lets turns of one come one at a time.
     * @type {Map<string, Uint8Array>}
     */
    memories: Map<string, Uint8Array>;
    /** Send one message and wait for the end of its turn. @param {Content | Content[]} content @param {Fields} [fields] */
    send(content: Content | Content[], fields?: Fields): Promise<Answer>;
    /**
     * Send one message; its responses as they come. Leaving the loop early cancels it.
     * @param {Content | Content[]} content @param {Fields} [fields]
     * @returns {AsyncGenerator<Wire>}
     */
    stream(content: Content | Content[], fields?: Fields): AsyncGenerator<Wire>;
    /** Like `send`, over the streaming call. @param {Content | Content[]} content @param {Fields} [fields] */
    streamAll(content: Content | Content[], fields?: Fields): Promise<Answer>;
    /**
     * A message for an agent (the first one), as the core would send it.
     * @param {Content | Content[]} content @param {Fields} [fields]
     * @returns {Wire}
     */
    request(content: Content | Content[], fields?: Fields): Wire;
    /**
     * Any unary call by its name; the empty request when none is given. Throws what gRPC throws.
     * @param {string} method @param {Wire} [request] @param {number} [seconds]
     * @returns {Promise<Wire>}
     */
    call(method: string, request?: Wire, seconds?: number): Promise<Wire>;
    /** The plugin's own account of itself. @param {number} [leaseSeconds] */
    health(leaseSeconds?: number): Promise<import("../wire.js").Wire>;
    /** What it must not forget. @param {number} [changedSince] @returns {Promise<Wire[]>} */
    saveState(changedSince?: number): Promise<Wire[]>;
    /** Give it what another process saved. @param {Wire[]} entries @returns {Promise<Wire>} */
    loadState(entries: Wire[]): Promise<Wire>;
    /** Ask it to drain and end; the exit status. @param {number} [drainSeconds] */
    shutdown(drainSeconds?: number): Promise<number | null>;
    #private;
}
export type Wire = import("../wire.js").Wire;
export type Content = import("../content.js").Content;
export type PluginOptions = import("./process.js").ProcessOptions & {
    agents?: Record<string, object>;
    config?: object;
    renew?: boolean;
};
export type Fields = {
    agent?: string;
    metadata?: Record<string, unknown>;
    history?: Message[];
    taskId?: string;
    contextId?: string;
    messageId?: string;
    deadlineMs?: number;
    caller?: string;
    traceparent?: string;
    acceptedOutputModes?: string[];
    turnToken?: string;
    agentxUrl?: string;
    memory?: Uint8Array;
};
import { Process } from "./process.js";
import { Answer } from "./answer.js";
import { Message } from "../content.js";
