/** A message of nothing but text. @param {Role} role @param {string} text @param {string} [name] */
export function said(role: Role, text: string, name?: string): ChatMessage;
/** A message of the wire: its "agent" is the model's "assistant". @param {string} role @param {Part[]} parts */
export function fromA2a(role: string, parts: Part[]): ChatMessage;
/** "user" or "agent": A2A has no others. @param {ChatMessage} message */
export function roleInA2a(message: ChatMessage): "agent" | "user";
/** For a memory. What says nothing is left out. @param {Iterable<ChatMessage>} messages @returns {Json[]} */
export function toJson(messages: Iterable<ChatMessage>): Json[];
/** Throws TypeError for what `toJson` did not write. @param {Iterable<Json>} told @returns {ChatMessage[]} */
export function fromJson(told: Iterable<Json>): ChatMessage[];
/** Whether it is a picture, in it or at its address. @param {Part} part */
export function isPicture(part: Part): boolean;
/** As told, else by its file name or address; empty when nothing says it. @param {Part} part */
export function mediaTypeOf(part: Part): string;
/** An address, or a `data:` URL with the picture in it. @param {Part} part */
export function pictureUrl(part: Part): string;
/** A part for a model that reads nothing but text. A text file is read out. @param {Part} part @returns {string} */
export function wordsOf(part: Part): string;
/** A tool's result for a model: text as it is, else JSON. @param {unknown} value */
export function resultText(value: unknown): string;
/** What the model is told of a call: the result, or why there is none. @param {ToolResult} result */
export function outcomeText(result: ToolResult): string;
/**
 * Each call with its result right behind its message, as models insist; calls without a result are left out.
 * @param {ChatMessage[]} messages
 * @returns {ChatMessage[]}
 */
export function inOrder(messages: ChatMessage[]): ChatMessage[];
/**
 * At most so many messages and so many bytes of JSON, beginning with a user's message.
 * @param {ChatMessage[]} messages @param {number} count @param {number} size
 */
export function newest(messages: ChatMessage[], count: number, size: number): ChatMessage[];
/**
 * Without what is too heavy to be remembered: of a text its first `most` characters, of a large file its name.
 * @param {ChatMessage} message @param {number} most
 */
export function lightened(message: ChatMessage, most: number): ChatMessage;
/** Without tools: what a person would remember of it. @param {ChatMessage[]} messages */
export function inWords(messages: ChatMessage[]): ChatMessage[];
/** `calls`: of an assistant's message. `results`: of a tool's. `name`: who said it, among several. */
export class ChatMessage {
    /**
     * @param {Role} role
     * @param {{parts?: Part[], calls?: ToolCall[], results?: ToolResult[], name?: string}} [said]
     */
    constructor(role: Role, { parts, calls, results, name }?: {
        parts?: Part[];
        calls?: ToolCall[];
        results?: ToolResult[];
        name?: string;
    });
    role: Role;
    parts: Part[];
    calls: ToolCall[];
    results: ToolResult[];
    name: string;
    /** The text parts, one under another. */
    get text(): string;
}
export type Role = "system" | "user" | "assistant" | "tool";
export type Json = Record<string, any>;
import { Part } from "../content.js";
import { ToolResult } from "../content.js";
import { ToolCall } from "../content.js";
