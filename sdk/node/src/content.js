/** What travels in a turn: parts, messages, artifacts, changes of state. */

export const SCHEMA_TYPE = "application/schema+json";

/** @typedef {Record<string, unknown>} JsonObject */
/**
 * A string becomes a text part; an object, number or boolean a data part. Where several may be
 * given, an array is several of them: a data part that is an array is `new Part({data: [...]})`.
 * @typedef {string | Part | object | number | boolean} Content
 */
/**
 * What a part is made of: exactly one of text, raw, url and data (any JSON value, null too).
 * @typedef {{text?: string, raw?: Uint8Array, url?: string, data?: unknown, mediaType?: string,
 *   filename?: string, metadata?: JsonObject}} PartFields
 */

/** One piece of content: exactly one of text, raw (bytes), url and data (any JSON value). */
export class Part {
  /** @param {PartFields} fields */
  constructor({ text, raw, url, data, mediaType = "", filename = "", metadata = {} }) {
    /** @type {string | undefined} */
    this.text = text;
    /** @type {Uint8Array | undefined} */
    this.raw = raw;
    /** @type {string | undefined} */
    this.url = url;
    /** @type {unknown} */
    this.data = data;
    this.mediaType = mediaType;
    this.filename = filename;
    this.metadata = metadata;
  }

  /** `text`, `raw`, `url` or `data`. */
  get kind() {
    if (this.text !== undefined) return "text";
    if (this.raw !== undefined) return "raw";
    return this.url !== undefined ? "url" : "data";
  }
}

/**
 * The part that a piece of content stands for. Throws TypeError for what cannot be sent.
 * @param {unknown} content
 * @returns {Part}
 */
export function part(content) {
  if (content instanceof Part) return content;
  if (typeof content === "string") return new Part({ text: content });
  if (isData(content)) return new Part({ data: content });
  throw new TypeError(`process gave ${named(content)}, which is nothing that can be sent`);
}

/**
 * @param {Content | Content[]} content
 * @returns {Part[]}
 */
export function parts(content) {
  return (Array.isArray(content) ? content : [content]).map(part);
}

/**
 * The text parts, one under another.
 * @param {Part[]} all
 */
export function textOf(all) {
  return all.flatMap((each) => (each.text === undefined ? [] : [each.text])).join("\n");
}

/** A message to or from an agent. `role` is "user" or "agent". */
export class Message {
  /**
   * @param {Content | Content[]} content
   * @param {{role?: string, metadata?: JsonObject, messageId?: string, taskId?: string,
   *   contextId?: string}} [options]
   */
  constructor(content, options = {}) {
    this.parts = parts(content);
    this.role = options.role ?? "agent";
    this.metadata = options.metadata ?? {};
    this.messageId = options.messageId ?? "";
    this.taskId = options.taskId ?? "";
    this.contextId = options.contextId ?? "";
  }

  /** The text parts, one under another. */
  get text() {
    return textOf(this.parts);
  }
}

/**
 * The whole answer, in place of a task: for a caller who only wants a word.
 *
 * Nothing else may come before or after it, and no earlier turn of the task may have answered. The
 * agent says `direct_messages: true` in its plugin.yaml.
 */
export class DirectMessage extends Message {}

/** The answer of a turn when it is more than one part: becomes the artifact named "reply". */
export class Reply {
  /** @param {Content | Content[]} content @param {{metadata?: JsonObject}} [options] */
  constructor(content, options = {}) {
    this.parts = parts(content);
    this.metadata = options.metadata ?? {};
  }
}

/** Something the agent made. Yield it again with `append: true` to add parts to it. */
export class Artifact {
  /**
   * @param {Content | Content[]} content
   * @param {{name?: string, artifactId?: string, description?: string, metadata?: JsonObject,
   *   append?: boolean, lastChunk?: boolean}} [options]
   */
  constructor(content, options = {}) {
    this.parts = parts(content);
    this.name = options.name ?? "";
    this.artifactId = options.artifactId ?? "";
    this.description = options.description ?? "";
    this.metadata = options.metadata ?? {};
    this.append = options.append ?? false;
    this.lastChunk = options.lastChunk ?? true;
  }
}

/** A change of the task's state, with words for the caller. A final state ends the turn. */
export class Status {
  /**
   * @param {Content | Content[]} [content]
   * @param {{state?: string, metadata?: JsonObject, reason?: string}} [options]
   */
  constructor(content = [], options = {}) {
    this.parts = parts(content);
    this.state = options.state ?? "working";
    this.metadata = options.metadata ?? {};
    this.reason = options.reason ?? "";
  }
}

/**
 * Ask the caller; the turn ends, and the answer comes as the next turn of the same task.
 *
 * `schema`: the JSON Schema of the answer; who asks in a console draws a form of it and sends a data part.
 */
export class InputRequired extends Status {
  /** @param {Content | Content[]} [question] @param {{metadata?: JsonObject, schema?: JsonObject}} [options] */
  constructor(question = [], { schema, ...options } = {}) {
    const form = schema ? [new Part({ data: schema, mediaType: SCHEMA_TYPE })] : [];
    super([...parts(question), ...form], { ...options, state: "input_required" });
  }
}

/** The agent calls a tool: yield it, and who follows the task sees it. `arguments` is a JSON object. */
export class ToolCall {
  /** @param {string} id @param {string} name @param {Record<string, any>} [args] */
  constructor(id, name, args = {}) {
    this.id = id;
    this.name = name;
    this.arguments = args;
  }
}

/** What came of a `ToolCall` with this id: `result` is any JSON value; `error` says why there is none. */
export class ToolResult {
  /** @param {string} id @param {string} name @param {{result?: any, error?: string}} [outcome] */
  constructor(id, name, { result = null, error = "" } = {}) {
    this.id = id;
    this.name = name;
    this.result = result;
    this.error = error;
  }
}

/** What a model took: tokens, and money where its price is known. Those of a turn are added up. */
export class Usage {
  /**
   * @param {string} model
   * @param {{inputTokens?: number, outputTokens?: number, cost?: number | null, currency?: string}} [told]
   */
  constructor(model, { inputTokens = 0, outputTokens = 0, cost = null, currency = "USD" } = {}) {
    this.model = model;
    this.inputTokens = inputTokens;
    this.outputTokens = outputTokens;
    this.cost = cost;
    this.currency = currency;
  }
}

/**
 * Say that the caller must authorise something elsewhere before the task can go on.
 *
 * The turn ends, and the caller may write again. For a caller who follows the task it goes on as
 * soon as the generator yields something more: wait for the authorisation there.
 */
export class AuthRequired extends Status {
  /** @param {Content | Content[]} [explanation] @param {{metadata?: JsonObject}} [options] */
  constructor(explanation = [], options = {}) {
    super(explanation, { ...options, state: "auth_required" });
  }
}

/**
 * Whether JSON can say it as it is: plain objects, arrays, numbers and booleans.
 * @param {unknown} value
 */
export function isData(value) {
  if (typeof value === "number" || typeof value === "boolean") return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** @param {unknown} value */
function named(value) {
  if (value === null || typeof value !== "object") return value === null ? "null" : `a ${typeof value}`;
  return `a ${value.constructor?.name ?? "object"}`;
}
