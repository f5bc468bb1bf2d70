/**
 * Write `build` and `converse`; `connect` makes one client for each model.
 *
 * What a turn yields is what `Adapter.process` may yield, and `ToolCall`, `ToolResult`, `Usage`. Tools are shown by
 * themselves when they are called. Words and tools of the turn are kept in the conversation's memory, unless the
 * framework keeps its own there (`keepsOwnMemory`).
 */
export class LLMAdapter extends Adapter {
    configSchema: Record<string, any>;
    agentConfigSchema: Record<string, any>;
    keepsOwnMemory: boolean;
    remote: Remote;
    /**
     * A client of the model in the framework's form; made once and shared by all turns. May be async.
     * @param {WholeModel} model @returns {any}
     */
    connect(model: WholeModel): any;
    /**
     * The agent in the framework's form, shared by all its turns. Throws ConfigError. May be async.
     * @param {Agent} agent @param {AgentTool[]} tools @returns {any}
     */
    build(agent: Agent, tools: AgentTool[]): any;
    /**
     * One turn, by what `build` returned: an async generator. It hands `exchange.signal` to the framework.
     * @param {any} native @param {Exchange} exchange @returns {AsyncGenerator<any>}
     */
    converse(native: any, exchange: Exchange): AsyncGenerator<any>;
    /** Let go of what `build` returned: no turn uses it any more. @param {any} native @returns {any} */
    release(native: any): any;
    /** Let go of what `connect` returned. @param {any} client @returns {any} */
    disconnect(client: any): any;
    /** The whole model of an agent or a member. Throws ConfigError. @param {string | ModelConfig} [told] @param {string} [path] */
    model(told?: string | ModelConfig, path?: string): import("./models.js").WholeModel;
    /** The one client of a model. @param {WholeModel} model */
    client(model: WholeModel): Promise<any>;
    /**
     * The tools that a member of a team names, within the agent's limits. Throws ConfigError.
     * @param {readonly (string | ToolConfig)[]} told @param {AgentConfig} spec @param {string} [path]
     */
    toolbox(told: readonly (string | ToolConfig)[], spec: AgentConfig, path?: string): Promise<import("./tools.js").AgentTool[]>;
    /**
     * The author's own object that `told` names; a function is called with `offered`. Throws ConfigError when it
     * cannot be imported or made. In a box, for some objects have a `then` of their own.
     * @param {string} told @param {Record<string, unknown>} [offered] @param {string} [path]
     */
    own(told: string, offered?: Record<string, unknown>, path?: string): Promise<import("./own_code.js").Found>;
    /** Where own code is looked for besides the plugin's own folder. @returns {string[]} */
    get folders(): string[];
    /** @param {Agent} agent @override */
    override createAgent(agent: Agent): Promise<void>;
    /** @param {Agent} agent @override */
    override deleteAgent(agent: Agent): Promise<void>;
    /**
     * An agent is built again, and its conversations go on; a plugin's models are everybody's: restart.
     * @param {Record<string, any>} config @param {Agent | null} agent @override
     * @returns {Promise<any>}
     */
    override updateConfig(config: Record<string, any>, agent: Agent | null): Promise<any>;
    /** @param {Turn} turn @override */
    override process(turn: Turn): AsyncGenerator<unknown, void, unknown>;
    /** @override */
    override shutdown(): Promise<void>;
    #private;
}
export type Turn = import("../turn.js").Turn;
export type AgentConfig = import("./config.js").AgentConfig;
export type ModelConfig = import("./config.js").ModelConfig;
export type ToolConfig = import("./config.js").ToolConfig;
export type WholeModel = import("./models.js").WholeModel;
export type AgentTool = import("./tools.js").AgentTool;
/**
 * An agent as its framework has it, while it is in use.
 */
export type Made = {
    native: any;
    tools: AgentTool[];
    spec: AgentConfig;
    turns: number;
    replaced: boolean;
};
import { Adapter } from "../adapter.js";
import { Remote } from "./remote.js";
import { Agent } from "../turn.js";
import { Exchange } from "./exchange.js";
