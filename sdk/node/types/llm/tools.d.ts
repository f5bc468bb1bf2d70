/**
 * The tools that a configuration names. Throws ConfigError, by dotted path.
 * @param {readonly (string | ToolConfig)[]} told @param {LimitsConfig} limits
 * @param {readonly string[]} [folders] @param {string} [path]
 */
export function toolsOf(told: readonly (string | ToolConfig)[], limits: LimitsConfig, folders?: readonly string[], path?: string): Promise<AgentTool[]>;
/** A tool as an agent has it: with limits, seen by who follows the task. Same in every framework. */
export class AgentTool {
    /** @param {Tool} tool @param {LimitsConfig} limits @param {() => unknown} [close] */
    constructor(tool: Tool, limits: LimitsConfig, close?: () => unknown);
    tool: Tool;
    name: string;
    description: string;
    inputSchema: import("../content.js").JsonObject;
    close: () => unknown;
    /**
     * What the model is told: the result, or why there is none. Never throws.
     * @param {Record<string, any>} args @param {{callId?: string, exchange?: Exchange}} [options]
     */
    answer(args: Record<string, any>, options?: {
        callId?: string;
        exchange?: Exchange;
    }): Promise<string>;
    /**
     * Call it and show that: a `ToolCall`, and its `ToolResult` with a result or an error.
     * @param {Record<string, any>} args @param {{callId?: string, exchange?: Exchange}} [options]
     */
    call(args: Record<string, any>, { callId, exchange }?: {
        callId?: string;
        exchange?: Exchange;
    }): Promise<ToolResult>;
    #private;
}
export type LimitsConfig = import("./config.js").LimitsConfig;
export type ToolConfig = import("./config.js").ToolConfig;
export type Exchange = import("./exchange.js").Exchange;
import { Tool } from "../adapter.js";
import { ToolResult } from "../content.js";
