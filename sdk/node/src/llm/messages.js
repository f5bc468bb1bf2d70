/**
 * A conversation in words that every framework can be told in, and that no framework owns.
 *
 * From A2A's parts, from JSON and to it: the same JSON as `agentx_sdk.llm.messages` in Python.
 */

import { Part, ToolCall, ToolResult, textOf } from "../content.js";

/** @typedef {"system" | "user" | "assistant" | "tool"} Role */
/** @typedef {Record<string, any>} Json */

const IMAGE = "image/";
const JSON_TYPE = "application/json";
const MOST_READ = 262_144; // bytes of a text file that is read out
const HEAVY = 16_384; // bytes of a file that a memory keeps
/** What file names and addresses say of a type. @type {Readonly<Record<string, string>>} */
const TYPES = Object.freeze({
  png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp",
  bmp: "image/bmp", svg: "image/svg+xml", txt: "text/plain", md: "text/markdown", csv: "text/csv",
  html: "text/html", json: JSON_TYPE, pdf: "application/pdf", mp3: "audio/mpeg", wav: "audio/x-wav",
});

/** `calls`: of an assistant's message. `results`: of a tool's. `name`: who said it, among several. */
export class ChatMessage {
  /**
   * @param {Role} role
   * @param {{parts?: Part[], calls?: ToolCall[], results?: ToolResult[], name?: string}} [said]
   */
  constructor(role, { parts = [], calls = [], results = [], name = "" } = {}) {
    this.role = role;
    this.parts = parts;
    this.calls = calls;
    this.results = results;
    this.name = name;
  }

  /** The text parts, one under another. */
  get text() {
    return textOf(this.parts);
  }
}

/** A message of nothing but text. @param {Role} role @param {string} text @param {string} [name] */
export function said(role, text, name = "") {
  return new ChatMessage(role, { parts: [new Part({ text })], name });
}

/** A message of the wire: its "agent" is the model's "assistant". @param {string} role @param {Part[]} parts */
export function fromA2a(role, parts) {
  return new ChatMessage(role === "user" ? "user" : "assistant", { parts: [...parts] });
}

/** "user" or "agent": A2A has no others. @param {ChatMessage} message */
export function roleInA2a(message) {
  return message.role === "user" ? "user" : "agent";
}

// ---- JSON

/** For a memory. What says nothing is left out. @param {Iterable<ChatMessage>} messages @returns {Json[]} */
export function toJson(messages) {
  return Array.from(messages, messageJson);
}

/** Throws TypeError for what `toJson` did not write. @param {Iterable<Json>} told @returns {ChatMessage[]} */
export function fromJson(told) {
  return Array.from(told, (each) => {
    const parts = (each.parts ?? []).map(partOf);
    const calls = (each.calls ?? []).map((/** @type {Json} */ call) => new ToolCall(call.id, call.name, call.arguments));
    const results = (each.results ?? []).map((/** @type {Json} */ one) => new ToolResult(one.id, one.name, one));
    return new ChatMessage(each.role, { parts, calls, results, name: each.name });
  });
}

/** @param {ChatMessage} message @returns {Json} */
function messageJson({ role, parts, calls, results, name }) {
  return {
    role,
    ...(parts.length ? { parts: parts.map(partJson) } : {}),
    ...(calls.length ? { calls: calls.map((call) => ({ ...call })) } : {}),
    ...(results.length ? { results: results.map((result) => ({ ...result })) } : {}),
    ...(name ? { name } : {}),
  };
}

/** @param {Part} part @returns {Json} */
function partJson(part) {
  return {
    ...(part.kind === "data" ? { data: part.data } : {}),
    ...(part.raw === undefined ? {} : { raw: Buffer.from(part.raw).toString("base64") }),
    ...(part.text === undefined ? {} : { text: part.text }),
    ...(part.url === undefined ? {} : { url: part.url }),
    ...(part.mediaType ? { media_type: part.mediaType } : {}),
    ...(part.filename ? { filename: part.filename } : {}),
    ...(Object.keys(part.metadata).length ? { metadata: part.metadata } : {}),
  };
}

/** @param {Json} told */
function partOf({ raw, media_type: mediaType, ...told }) {
  return new Part({ ...told, mediaType, raw: raw === undefined ? undefined : Buffer.from(raw, "base64") });
}

// ---- What models read

/** Whether it is a picture, in it or at its address. @param {Part} part */
export function isPicture(part) {
  return (part.kind === "raw" || part.kind === "url") && mediaTypeOf(part).startsWith(IMAGE);
}

/** As told, else by its file name or address; empty when nothing says it. @param {Part} part */
export function mediaTypeOf(part) {
  if (part.mediaType) return part.mediaType;
  const [name] = (part.filename || part.url || "").split(/[?#]/);
  return TYPES[name.split(".").pop()?.toLowerCase() ?? ""] ?? "";
}

/** An address, or a `data:` URL with the picture in it. @param {Part} part */
export function pictureUrl(part) {
  if (part.url !== undefined) return part.url;
  return `data:${mediaTypeOf(part)};base64,${Buffer.from(part.raw ?? []).toString("base64")}`;
}

/** A part for a model that reads nothing but text. A text file is read out. @param {Part} part @returns {string} */
export function wordsOf(part) {
  switch (part.kind) {
    case "text":
      return part.text ?? "";
    case "data":
      return JSON.stringify(part.data);
    case "url":
      return `[${part.filename || mediaTypeOf(part) || "file"}: ${part.url}]`;
    default:
      return fileWords(part);
  }
}

/** @param {Part} part */
function fileWords(part) {
  const [raw, kind] = [Buffer.from(part.raw ?? []), mediaTypeOf(part)];
  const isText = kind.startsWith("text/") || kind === JSON_TYPE;
  if (isText && raw.length <= MOST_READ) return `[${part.filename || kind}]\n${raw.toString()}`;
  return namedFile(part);
}

/** @param {Part} part */
function namedFile(part) {
  return `[${part.filename || "file"}, ${mediaTypeOf(part) || "unknown type"}, ${part.raw?.length ?? 0} bytes]`;
}

/** A tool's result for a model: text as it is, else JSON. @param {unknown} value */
export function resultText(value) {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
}

/** What the model is told of a call: the result, or why there is none. @param {ToolResult} result */
export function outcomeText(result) {
  return result.error ? `Error: ${result.error}` : resultText(result.result);
}

// ---- Histories

/**
 * Each call with its result right behind its message, as models insist; calls without a result are left out.
 * @param {ChatMessage[]} messages
 * @returns {ChatMessage[]}
 */
export function inOrder(messages) {
  const results = new Map(messages.flatMap((each) => each.results.map((result) => [result.id, result])));
  return messages.filter((each) => each.role !== "tool").flatMap((message) => {
    const calls = message.calls.filter((call) => results.has(call.id));
    if (!calls.length && !message.parts.length) return [];
    const own = new ChatMessage(message.role, { parts: message.parts, calls, name: message.name });
    if (!calls.length) return [own];
    const told = calls.map((call) => /** @type {ToolResult} */ (results.get(call.id)));
    return [own, new ChatMessage("tool", { results: told })];
  });
}

/**
 * At most so many messages and so many bytes of JSON, beginning with a user's message.
 * @param {ChatMessage[]} messages @param {number} count @param {number} size
 */
export function newest(messages, count, size) {
  const kept = messages.slice(-count);
  let [start, total] = [kept.length, 0];
  for (; start; start -= 1) {
    total += Buffer.byteLength(JSON.stringify(messageJson(kept[start - 1])));
    if (total > size) break;
  }
  while (start < kept.length && kept[start].role !== "user") start += 1;
  return kept.slice(start);
}

/**
 * Without what is too heavy to be remembered: of a text its first `most` characters, of a large file its name.
 * @param {ChatMessage} message @param {number} most
 */
export function lightened(message, most) {
  const parts = message.parts.map((part) => light(part, most));
  return new ChatMessage(message.role, { ...message, parts });
}

/** @param {Part} part @param {number} most */
function light(part, most) {
  if (typeof part.text === "string" && part.text.length > most) {
    return new Part({ ...part, text: `${part.text.slice(0, most)} … (cut at ${most} characters)` });
  }
  return (part.raw?.length ?? 0) > HEAVY ? new Part({ text: namedFile(part) }) : part;
}

/** Without tools: what a person would remember of it. @param {ChatMessage[]} messages */
export function inWords(messages) {
  const told = messages.filter((each) => each.parts.length);
  return told.map(({ role, parts, name }) => new ChatMessage(role, { parts, name }));
}
