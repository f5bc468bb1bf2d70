/**
 * The whole model that `told` names or describes: nothing is left out but a temperature or a price.
 * Throws ConfigError for a name that is not known, and where an address, a name or a key is missing.
 * @param {string | ModelConfig} told @param {Partial<PluginConfig>} plugin @param {string} [path]
 * @returns {WholeModel}
 */
export function resolved(told: string | ModelConfig, plugin: Partial<PluginConfig>, path?: string): WholeModel;
/** Those that GetSupportedModels tells: the default one and every named one that can be used. @param {Partial<PluginConfig>} plugin */
export function listed(plugin: Partial<PluginConfig>): Model[];
/** What so many tokens cost; no cost where a price is missing. @param {WholeModel} model @param {number} inputTokens @param {number} outputTokens */
export function priced(model: WholeModel, inputTokens: number, outputTokens: number): Usage;
export const NO_MODEL: string;
export type ModelConfig = import("./config.js").ModelConfig;
export type PluginConfig = import("./config.js").PluginConfig;
export type WholeModel = ModelConfig & {
    name: string;
    base_url: string;
    api_key: string;
    api: string;
    timeout_seconds: number;
    max_retries: number;
    vision: boolean;
    currency: string;
};
import { Model } from "../adapter.js";
import { Usage } from "../content.js";
