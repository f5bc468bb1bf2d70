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
export function object(properties, about = {}) {
  return { type: "object", properties, ...about, additionalProperties: false };
}

/** @param {string} [description] @param {Schema} [more] @returns {Schema} */
export function text(description, more = {}) {
  return { type: "string", ...(description ? { description } : {}), ...more, default: "" };
}

const MODEL = object(
  {
    name: text("As its endpoint knows it."),
    base_url: text("Such as https://api.openai.com/v1.", { format: "uri" }),
    api_key: text("Sealed at rest; a reference to a secret in exports.", { format: "password", writeOnly: true }),
    api: { enum: ["chat", "responses"], description: "Chat completions, or the responses API." },
    temperature: { type: "number", minimum: 0, maximum: 2 },
    top_p: { type: "number", minimum: 0, maximum: 1 },
    max_output_tokens: { type: "integer", minimum: 1 },
    timeout_seconds: {
      type: "number", description: "Of one request to the model; 60 unless told.", minimum: 1, maximum: 3600,
    },
    max_retries: {
      type: "integer", description: "Of a request that failed; 2 unless told.", minimum: 0, maximum: 10,
    },
    vision: { type: "boolean", description: "It takes pictures." },
    input_price: { type: "number", description: "Of a million tokens that it reads.", minimum: 0 },
    output_price: { type: "number", description: "Of a million tokens that it writes.", minimum: 0 },
    currency: { type: "string", description: "Of the prices; USD unless told.", maxLength: 3 },
  },
  { description: "A model behind an OpenAI-compatible endpoint. What is left out is that of the plugin's `model`." },
);

const TOOL = object(
  {
    agent: text("The address (slug) of an agent to ask, by A2A through AgentX."),
    code: text("A function: folder/file.js:name, or package:name.", {
      examples: ["tools.js:weather"],
    }),
    name: text("By which the model calls it.", { pattern: "^[A-Za-z0-9_-]{0,64}$" }),
    description: text("What the model is told of it; else what it says of itself."),
  },
  { description: "A tool of the agent: another agent of AgentX, or a function of your own. One of the two." },
);

const MEMORY = {
  enabled: { type: "boolean", description: "Else every message stands alone.", default: true },
  max_messages: { type: "integer", description: "The newest ones.", minimum: 2, maximum: 1000, default: 60 },
  max_bytes: {
    type: "integer", description: "Of them, as JSON; what is older is left out.",
    minimum: 1024, maximum: 4000000, default: 262144,
  },
};

const LIMITS = {
  max_steps: { type: "integer", description: "Requests to the model in one turn.", minimum: 1, maximum: 200, default: 12 },
  turn_seconds: { type: "number", description: "Of one turn.", minimum: 1, maximum: 3600, default: 300 },
  tool_seconds: { type: "number", description: "Of one call of a tool.", minimum: 0.05, maximum: 3600, default: 30 },
  tool_result_bytes: {
    type: "integer", description: "What the model is given of a tool's result.",
    minimum: 256, maximum: 1000000, default: 65536,
  },
};

/** The name of a model, or the whole of it. @param {string} description @returns {Schema} */
export function model(description) {
  return { anyOf: [{ type: "string" }, MODEL], description, default: "" };
}

/** @param {Schema} [about] @returns {Schema} */
export function tools(about = {}) {
  return { type: "array", items: { anyOf: [{ type: "string" }, TOOL] }, ...about, default: [] };
}

/** One of several agents that work together. @param {Schema} [more] Further properties. @returns {Schema} */
export function memberSchema(more = {}) {
  const own = {
    name: { type: "string", description: "Unique among them.", pattern: "^[A-Za-z][A-Za-z0-9_]{0,63}$" },
    instructions: text(),
    description: text("What the others are told of it."),
    model: model("The name of one of the plugin's `models`, or its own."),
    tools: tools(),
  };
  const description = "One of several agents that work together: of a team, a crew, an orchestration, or a sub-agent.";
  return object({ ...own, ...more }, { description, required: ["name"] });
}

/** Of an agent. @param {Schema} [more] Further properties. @param {string} [description] @returns {Schema} */
export function agentSchema(more = {}, description = "An agent around a model.") {
  const own = {
    instructions: {
      type: "string", description: "What the model is told before every conversation.",
      default: "You are a helpful assistant.",
    },
    model: model("The name of one of the plugin's `models`, or its own; empty: the plugin's `model`."),
    tools: tools({ description: 'Built-in ones by name (`clock`, `calculator`), agents as {"agent":"slug"}, functions as {"code":"file.py:function"}.' }),
    memory: grouped(MEMORY, "What of a conversation the model is shown again."),
    limits: grouped(LIMITS, "Where a turn that goes nowhere ends."),
    output_schema: {
      type: "object", additionalProperties: {},
      description: "JSON Schema of the answer, which is a data part then; empty: text.", default: {},
    },
    code: text("Your own code instead: folder/file.js:name, the framework's object or what makes it.", {
      examples: ["app.js:agent"],
    }),
  };
  return object({ ...own, ...more }, { description });
}

/** Of all agents of a plugin. @param {Schema} [more] Further properties. @param {string} [description] @returns {Schema} */
export function pluginSchema(more = {}, description = "Of all agents of the plugin.") {
  const own = {
    model: {
      ...MODEL, default: {},
      description: "What agents use that name no other; what it leaves out is AgentX's default model.",
    },
    models: {
      type: "object", additionalProperties: MODEL,
      description: "Further models, by the names that agents use.", default: {},
    },
    code_folders: {
      type: "array", items: { type: "string" },
      description: "Folders of your own code, beside the plugin's; an admin lets it read them.", default: [],
    },
  };
  return object({ ...own, ...more }, { description });
}

/** An object whose default is that of each of its properties. @param {Schema} properties @param {string} description */
function grouped(properties, description) {
  const defaults = Object.entries(properties).map(([name, each]) => [name, each.default]);
  return object(properties, { description, default: Object.fromEntries(defaults) });
}
