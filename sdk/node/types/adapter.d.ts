/**
 * A tool, told first and done last.
 * @param {{name: string, description?: string, inputSchema?: JsonObject, outputSchema?: JsonObject}} about
 * @param {(args: any) => any} run
 */
export function tool({ name, ...about }: {
    name: string;
    description?: string;
    inputSchema?: JsonObject;
    outputSchema?: JsonObject;
}, run: (args: any) => any): Tool;
/** @typedef {import("./turn.js").Agent} Agent */
/** @typedef {import("./turn.js").Turn} Turn */
/** @typedef {import("./content.js").JsonObject} JsonObject */
/** A model that agents of this plugin can use. */
export class Model {
    /** @param {string} id @param {{name?: string, provider?: string, metadata?: JsonObject}} [options] */
    constructor(id: string, { name, provider, metadata }?: {
        name?: string;
        provider?: string;
        metadata?: JsonObject;
    });
    id: string;
    name: string;
    provider: string;
    metadata: import("./content.js").JsonObject;
}
/**
 * A function that can be called from outside. `run` takes the arguments as one object, which fits
 * `inputSchema` (JSON Schema), its defaults filled in.
 */
export class Tool {
    /**
     * @param {string} name
     * @param {(args: any) => any} run
     * @param {{description?: string, inputSchema?: JsonObject, outputSchema?: JsonObject}} [options]
     */
    constructor(name: string, run: (args: any) => any, { description, inputSchema, outputSchema }?: {
        description?: string;
        inputSchema?: JsonObject;
        outputSchema?: JsonObject;
    });
    name: string;
    run: (args: any) => any;
    description: string;
    inputSchema: import("./content.js").JsonObject;
    outputSchema: import("./content.js").JsonObject;
}
/**
 * A plugin. Only `process` must be written.
 *
 * Every hook may be async or plain. They are called in this order: `initialize`, `createAgent` for
 * each agent, then any, `shutdown` last. Nothing may block: the process has one event loop.
 */
export class Adapter {
    /** The plugin's slug when empty. */
    name: string;
    version: string;
    framework: string;
    /** @type {readonly string[]} */
    capabilities: readonly string[];
    /** @type {readonly string[] | null} Media types; null: what the manifest says, else text/plain. */
    inputModes: readonly string[] | null;
    /** @type {readonly string[] | null} Media types; null: what the manifest says, else text/plain. */
    outputModes: readonly string[] | null;
    /** @type {readonly JsonObject[]} As an A2A card lists them. */
    skills: readonly JsonObject[];
    /** @type {readonly string[]} Configuration keys never shown, besides the obvious ones. */
    secretFields: readonly string[];
    /**
     * JSON Schema that the plugin's configuration must fit; its defaults are filled in, and what is
     * `writeOnly` in it is never shown.
     * @type {JsonObject | null}
     */
    configSchema: JsonObject | null;
    /**
     * JSON Schema that the configuration of an agent must fit; its defaults are filled in.
     * @type {JsonObject | null}
     */
    agentConfigSchema: JsonObject | null;
    /**
     * The plugin's configuration that is in force.
     * @type {Record<string, any>}
     */
    config: Record<string, any>;
    /**
     * What a process that takes this one's place gets to know: `this.state.set("key", value)`.
     *
     * JSON values, at most a MiB each and 64 MiB together. Not a store: it ends with the process.
     * @returns {State}
     */
    get state(): State;
    /**
     * Answer one message.
     *
     * Return a string, an object (a data part), `Reply`, `Artifact`, `Message`, `InputRequired`; or be
     * a generator and yield strings (pieces of the reply), `Artifact`, `Status`, `InputRequired`.
     * Throw `TaskFailed` or `TaskRejected` to end the task otherwise.
     * @param {Turn} turn
     * @returns {any}
     */
    process(turn: Turn): any;
    /**
     * Get ready: `config` is the plugin's configuration. Throw `ConfigError` to refuse it.
     * @param {Record<string, any>} config
     * @returns {any}
     */
    initialize(config: Record<string, any>): any;
    /**
     * Take in an agent, or its new configuration. Throw `ConfigError` to refuse it.
     * @param {Agent} agent
     * @returns {any}
     */
    createAgent(agent: Agent): any;
    /**
     * What the agent's A2A card says beyond its manifest, such as `capabilities` or `provider`.
     *
     * Asked once a process is ready; new configuration that changes it is a new version of the card.
     * @param {Agent} agent
     * @returns {any}
     */
    card(agent: Agent): any;
    /**
     * Let an agent go.
     * @param {Agent} agent
     * @returns {any}
     */
    deleteAgent(agent: Agent): any;
    /**
     * Look at a configuration, of the plugin or of one agent, and change nothing.
     *
     * Throw `ConfigError` to refuse it. Asked before an operator's change is taken, and before
     * `initialize`, `createAgent` and `updateConfig`.
     * @param {Record<string, any>} config
     * @param {Agent | null} agent
     * @returns {any}
     */
    validateConfig(config: Record<string, any>, agent: Agent | null): any;
    /**
     * Take new configuration, of the plugin or of one agent, while running.
     *
     * Return true when it is in force only after a restart. Throw `ConfigError` to refuse it. Unless
     * you write it: an agent is given to `createAgent` again, and a plugin that made something of its
     * configuration in `initialize` asks for a restart.
     * @param {Record<string, any>} config
     * @param {Agent | null} agent
     * @returns {any}
     */
    updateConfig(config: Record<string, any>, agent: Agent | null): any;
    /**
     * What must not be forgotten: `StateEntry`s with a version above `changedSince`.
     *
     * Asked while messages still run (0: everything), and again when they are done.
     * @param {number} changedSince
     * @returns {any}
     */
    saveState(changedSince: number): any;
    /**
     * Take what another process saved, over what is here. Asked up to twice.
     * @param {import("./state.js").StateEntry[]} entries
     * @returns {any}
     */
    loadState(entries: import("./state.js").StateEntry[]): any;
    /**
     * Return nothing when well, else one sentence that says what is wrong.
     * @returns {any}
     */
    health(): any;
    /**
     * The models that can be used: an array of `Model` or of ids.
     * @param {Agent | null} agent
     * @returns {any}
     */
    models(agent: Agent | null): any;
    /**
     * The tools that can be called from outside: an array of `Tool`.
     * @param {Agent | null} agent
     * @returns {any}
     */
    tools(agent: Agent | null): any;
    /**
     * Run a tool; the result is any JSON value.
     * @param {string} name
     * @param {Record<string, any>} args
     * @param {Agent | null} agent
     * @returns {Promise<any>}
     */
    executeTool(name: string, args: Record<string, any>, agent: Agent | null): Promise<any>;
    /**
     * Clean up: no message is running any more.
     * @returns {any}
     */
    shutdown(): any;
    /** Whether `updateConfig` can take the plugin's configuration without a restart. @internal */
    takesConfigLive(): boolean;
    /** Whether there is, or may be, something to save. @internal */
    keepsState(): boolean;
    /** Configuration keys never shown: the author's, and those that a schema calls secret. @internal */
    allSecretFields(): string[];
    /** Whether the author wrote one of these hooks. @param {...string} hooks @internal */
    writes(...hooks: string[]): boolean;
    /**
     * A configuration against its schema, then before the author. Throws ConfigError.
     * @param {Record<string, any>} config @param {Agent | null} agent @internal
     */
    checkConfig(config: Record<string, any>, agent: Agent | null): Promise<void>;
}
export type Agent = import("./turn.js").Agent;
export type Turn = import("./turn.js").Turn;
export type JsonObject = import("./content.js").JsonObject;
import { State } from "./state.js";
