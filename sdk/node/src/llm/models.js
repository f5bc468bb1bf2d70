/** Which model an agent uses: its own settings over those of the plugin. */

import { Model } from "../adapter.js";
import { Usage } from "../content.js";
import { ConfigError } from "../errors.js";

/** @typedef {import("./config.js").ModelConfig} ModelConfig */
/** @typedef {import("./config.js").PluginConfig} PluginConfig */
/**
 * @typedef {ModelConfig & {name: string, base_url: string, api_key: string, api: string,
 *   timeout_seconds: number, max_retries: number, vision: boolean, currency: string}} WholeModel
 */

const OPENAI = "https://api.openai.com/v1";
const DEFAULTS = { api: "chat", timeout_seconds: 60, max_retries: 2, vision: false, currency: "USD" };
export const NO_MODEL =
  "there is no model: set AGENTX_MODEL_URL and AGENTX_MODEL_NAME for all of AgentX, " +
  "or model.base_url and model.name of the plugin";

/**
 * The whole model that `told` names or describes: nothing is left out but a temperature or a price.
 * Throws ConfigError for a name that is not known, and where an address, a name or a key is missing.
 * @param {string | ModelConfig} told @param {Partial<PluginConfig>} plugin @param {string} [path]
 * @returns {WholeModel}
 */
export function resolved(told, plugin, path = "model") {
  const own = typeof told === "string" ? named(told, plugin, path) : told;
  const { api_key: key, ...base } = plugin.model ?? {};
  // A key goes to nobody but the endpoint that it was given for.
  const elsewhere = own.base_url && own.base_url !== base.base_url;
  const whole = /** @type {WholeModel} */ ({
    name: "", base_url: "", api_key: "", ...DEFAULTS, ...said(base), ...said({ api_key: elsewhere ? "" : key }), ...said(own),
  });
  if (!whole.base_url || !whole.name) throw new ConfigError(NO_MODEL, { [path]: NO_MODEL });
  if (!whole.api_key && whole.base_url.replace(/\/+$/, "") === OPENAI) {
    throw new ConfigError("the model needs an api_key", { [`${path}.api_key`]: "is missing" });
  }
  return whole;
}

/** @param {string} name @param {Partial<PluginConfig>} plugin @param {string} path @returns {ModelConfig} */
function named(name, plugin, path) {
  if (!name) return {};
  const models = plugin.models ?? {};
  if (Object.hasOwn(models, name)) return models[name];
  const told = `is not one of the plugin's models (${Object.keys(models).sort().join(", ") || "none"})`;
  throw new ConfigError(`the model "${name}" ${told}`, { [path]: told });
}

/** What is set of it. @param {ModelConfig} model */
function said(model) {
  return Object.fromEntries(Object.entries(model).filter(([, value]) => value !== "" && value !== null && value !== undefined));
}

/** Those that GetSupportedModels tells: the default one and every named one that can be used. @param {Partial<PluginConfig>} plugin */
export function listed(plugin) {
  return ["", ...Object.keys(plugin.models ?? {}).sort()].flatMap((name) => {
    try {
      const model = resolved(name, plugin);
      const metadata = { base_url: model.base_url, api: model.api, vision: model.vision };
      return [new Model(name || model.name, { name: model.name, provider: model.base_url, metadata })];
    } catch (error) {
      if (error instanceof ConfigError) return [];
      throw error;
    }
  });
}

/** What so many tokens cost; no cost where a price is missing. @param {WholeModel} model @param {number} inputTokens @param {number} outputTokens */
export function priced(model, inputTokens, outputTokens) {
  const { input_price: reading, output_price: writing, currency } = model;
  const isPriced = reading !== undefined && reading !== null && writing !== undefined && writing !== null;
  const cost = isPriced ? (inputTokens * reading + outputTokens * writing) / 1e6 : null;
  return new Usage(model.name, { inputTokens, outputTokens, cost, currency });
}
