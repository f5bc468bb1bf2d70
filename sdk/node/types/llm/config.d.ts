/**
 * What every agent around a model can be told, as JSON Schema: its model, instructions, tools, memory and limits.
 *
 * The same schemas as `agentx_sdk.llm.config` in Python. Plugins add to `agentSchema` and `pluginSchema`.
 */
/** @typedef {Record<string, any>} Schema */
/**
 * A model; what is left out is that of the plugin's `model`.
 * @typedef {{name?: string, base_url?: string, api_key?: string, api?: "chat" | "responses",
 *   temperature?: number, top_p?: number, max_output_tokens?: number, timeout_seconds?: number,
 *   max_retries?: number, vision?: boolean, input_price?: number, output_price?: number,
 *   currency?: string}} ModelConfig
 */
/** @typedef {{agent?: string, code?: string, name?: string, description?: string}} ToolConfig */
/** @typedef {{enabled: boolean, max_messages: number, max_bytes: number}} MemoryConfig */
/** @typedef {{max_steps: number, turn_seconds: number, tool_seconds: number, tool_result_bytes: number}} LimitsConfig */
/**
 * @typedef {{name: string, instructions: string, description: string, model: string | ModelConfig,
 *   tools: (string | ToolConfig)[]}} MemberConfig
 */
/**
 * @typedef {{instructions: string, model: string | ModelConfig, tools: (string | ToolConfig)[],
 *   memory: MemoryConfig, limits: LimitsConfig, output_schema: Record<string, any>, code: string,
 *   [more: string]: any}} AgentConfig
 */
/**
 * @typedef {{model: ModelConfig, models: Record<string, ModelConfig>, code_folders: string[],
 *   [more: string]: any}} PluginConfig
 */
/**
 * An object with these properties and no others; each has its default, or is in `required`, or may be left out.
 * @param {Schema} properties @param {Schema} [about] description, required, default
 * @returns {Schema}
 */
export function object(properties: Schema, about?: Schema): Schema;
/** @param {string} [description] @param {Schema} [more] @returns {Schema} */
export function text(description?: string, more?: Schema): Schema;
/** The name of a model, or the whole of it. @param {string} description @returns {Schema} */
export function model(description: string): Schema;
/** @param {Schema} [about] @returns {Schema} */
export function tools(about?: Schema): Schema;
/** One of several agents that work together. @param {Schema} [more] Further properties. @returns {Schema} */
export function memberSchema(more?: Schema): Schema;
/** Of an agent. @param {Schema} [more] Further properties. @param {string} [description] @returns {Schema} */
export function agentSchema(more?: Schema, description?: string): Schema;
/** Of all agents of a plugin. @param {Schema} [more] Further properties. @param {string} [description] @returns {Schema} */
export function pluginSchema(more?: Schema, description?: string): Schema;
export type Schema = Record<string, any>;
/**
 * A model; what is left out is that of the plugin's `model`.
 */
export type ModelConfig = {
    name?: string;
    base_url?: string;
    api_key?: string;
    api?: "chat" | "responses";
    temperature?: number;
    top_p?: number;
    max_output_tokens?: number;
    timeout_seconds?: number;
    max_retries?: number;
    vision?: boolean;
    input_price?: number;
    output_price?: number;
    currency?: string;
};
export type ToolConfig = {
    agent?: string;
    code?: string;
    name?: string;
    description?: string;
};
export type MemoryConfig = {
    enabled: boolean;
    max_messages: number;
    max_bytes: number;
};
export type LimitsConfig = {
    max_steps: number;
    turn_seconds: number;
    tool_seconds: number;
    tool_result_bytes: number;
};
export type MemberConfig = {
    name: string;
    instructions: string;
    description: string;
    model: string | ModelConfig;
    tools: (string | ToolConfig)[];
};
export type AgentConfig = {
    instructions: string;
    model: string | ModelConfig;
    tools: (string | ToolConfig)[];
    memory: MemoryConfig;
    limits: LimitsConfig;
    output_schema: Record<string, any>;
    code: string;
    [more: string]: any;
};
export type PluginConfig = {
    model: ModelConfig;
    models: Record<string, ModelConfig>;
    code_folders: string[];
    [more: string]: any;
};
