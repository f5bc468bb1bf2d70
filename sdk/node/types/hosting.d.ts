/**
 * A copy of a configuration in which secrets show only that they are set.
 * @param {any} value
 * @param {readonly string[]} [also]
 * @returns {any}
 */
export function redact(value: any, also?: readonly string[]): any;
/** The state shared by every call of one plugin process. */
export class Hosting {
    /** @param {Adapter} adapter @param {string} plugin @param {number} contract */
    constructor(adapter: Adapter, plugin: string, contract: number);
    /** @type {Map<string, Agent>} */
    agents: Map<string, Agent>;
    /** @type {Record<string, any>} */
    config: Record<string, any>;
    load: Load;
    initialized: boolean;
    draining: boolean;
    adapter: import("./adapter.js").Adapter;
    plugin: string;
    contract: number;
    /** The agent of that name; throws UnknownAgent. @param {string} slug */
    agent(slug: string): import("./turn.js").Agent;
    /** Whether messages may come. */
    get ready(): boolean;
}
export type Adapter = import("./adapter.js").Adapter;
export type Agent = import("./turn.js").Agent;
import { Load } from "./load.js";
