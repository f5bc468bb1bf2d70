/** Between the wire and what authors see. */

import { Message, Part } from "./content.js";

/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./content.js").JsonObject} JsonObject */

/**
 * JSON text; throws TypeError for what JSON cannot say.
 * @param {unknown} value
 */
export function toJson(value) {
  const text = JSON.stringify(value, refuseWhatJsonLoses);
  if (text === undefined) throw new TypeError(`JSON cannot say ${typeof value}`);
  return text;
}

/** @param {string} _key @param {unknown} value */
function refuseWhatJsonLoses(_key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`JSON cannot say ${value}`);
  }
  return value;
}

/**
 * JSON text, and nothing for an empty object.
 * @param {JsonObject} value
 */
export function objectJson(value) {
  return Object.keys(value).length ? toJson(value) : "";
}

/**
 * The object in `text`, over what the string map `also` says. Throws TypeError and SyntaxError.
 * @param {string} text
 * @param {Record<string, string>} [also]
 * @returns {JsonObject}
 */
export function jsonObject(text, also = {}) {
  if (!text) return { ...also };
  const value = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("expected a JSON object");
  }
  return { ...also, ...value };
}

/**
 * The wire form; throws TypeError unless exactly one kind of content is given.
 * @param {Part} part
 * @returns {Wire}
 */
export function encodePart(part) {
  const given = [part.text, part.raw, part.url, part.data].filter((each) => each !== undefined);
  if (given.length !== 1) throw new TypeError("a part has exactly one of text, raw, url and data");
  return {
    ...(part.data === undefined
      ? { [part.kind]: given[0] }
      : { data: toJson(part.data) }),
    mediaType: part.mediaType,
    filename: part.filename,
    metadata: objectJson(part.metadata),
  };
}

/**
 * The wire form of at least one part, which is what A2A asks of messages and artifacts.
 * @param {Part[]} parts
 */
export function encodeParts(parts) {
  if (!parts.length) throw new TypeError("a message and an artifact have at least one part");
  return parts.map(encodePart);
}

/**
 * The author's form of a part.
 * @param {Wire} wire
 */
export function decodePart(wire) {
  const about = {
    mediaType: wire.mediaType,
    filename: wire.filename,
    metadata: jsonObject(wire.metadata),
  };
  switch (wire.content) {
    case "data":
      return new Part({ data: JSON.parse(wire.data), ...about });
    case "raw":
      return new Part({ raw: wire.raw, ...about });
    case "url":
      return new Part({ url: wire.url, ...about });
    default:
      return new Part({ text: wire.text ?? "", ...about });
  }
}

/**
 * The wire form; the ids given here stand where the message has none.
 * @param {Message} message
 * @param {{messageId: string, taskId: string, contextId: string}} ids
 * @returns {Wire}
 */
export function encodeMessage(message, ids) {
  return {
    id: message.messageId || ids.messageId,
    role: message.role,
    parts: encodeParts(message.parts),
    taskId: message.taskId || ids.taskId,
    conversationId: message.contextId || ids.contextId,
    metadataJson: objectJson(message.metadata),
  };
}

/**
 * The author's form of a message.
 * @param {Wire} wire
 */
export function decodeMessage(wire) {
  const message = new Message([], {
    role: wire.role || "user",
    metadata: jsonObject(wire.metadataJson, wire.metadata),
    messageId: wire.id,
    taskId: wire.taskId,
    contextId: wire.conversationId,
  });
  message.parts = messageParts(wire);
  return message;
}

/**
 * The parts; a sender that knows only the payload of the first sketch is read too.
 * @param {Wire | null} wire
 * @returns {Part[]}
 */
export function messageParts(wire) {
  const parts = wire?.parts ?? [];
  if (!parts.length && wire?.payload?.content === "text") {
    return [new Part({ text: wire.payload.text.content })];
  }
  return parts.map(decodePart);
}
