/** What plugins around a model share: agents from configuration, tools, memory, usage, failures. */

export { LLMAdapter } from "./adapter.js";
export { agentSchema, memberSchema, model as modelSchema, object, pluginSchema, text, tools as toolsSchema } from "./config.js";
export { Exchange, currentExchange } from "./exchange.js";
export * as failures from "./failures.js";
export { modelFetch } from "./fetching.js";
export { ChatMessage } from "./messages.js";
export * as messages from "./messages.js";
export { priced } from "./models.js";
export { loaded, made } from "./own_code.js";
export { AgentTool } from "./tools.js";
export { mistakes } from "../schema.js";
