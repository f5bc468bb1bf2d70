/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./content.js").JsonObject} JsonObject */
/**
 * JSON text; throws TypeError for what JSON cannot say.
 * @param {unknown} value
 */
export function toJson(value: unknown): string;
/**
 * JSON text, and nothing for an empty object.
 * @param {JsonObject} value
 */
export function objectJson(value: JsonObject): string;
/**
 * The object in `text`, over what the string map `also` says. Throws TypeError and SyntaxError.
 * @param {string} text
 * @param {Record<string, string>} [also]
 * @returns {JsonObject}
 */
export function jsonObject(text: string, also?: Record<string, string>): JsonObject;
/**
 * The wire form; throws TypeError unless exactly one kind of content is given.
 * @param {Part} part
 * @returns {Wire}
 */
export function encodePart(part: Part): Wire;
/**
 * The wire form of at least one part, which is what A2A asks of messages and artifacts.
 * @param {Part[]} parts
 */
export function encodeParts(parts: Part[]): import("./wire.js").Wire[];
/**
 * The author's form of a part.
 * @param {Wire} wire
 */
export function decodePart(wire: Wire): Part;
/**
 * The wire form; the ids given here stand where the message has none.
 * @param {Message} message
 * @param {{messageId: string, taskId: string, contextId: string}} ids
 * @returns {Wire}
 */
export function encodeMessage(message: Message, ids: {
    messageId: string;
    taskId: string;
    contextId: string;
}): Wire;
/**
 * The author's form of a message.
 * @param {Wire} wire
 */
export function decodeMessage(wire: Wire): Message;
/**
 * The parts; a sender that knows only the payload of the first sketch is read too.
 * @param {Wire | null} wire
 * @returns {Part[]}
 */
export function messageParts(wire: Wire | null): Part[];
export type Wire = import("./wire.js").Wire;
export type JsonObject = import("./content.js").JsonObject;
import { Part } from "./content.js";
import { Message } from "./content.js";
