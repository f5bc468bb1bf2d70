/**
 * The part that a piece of content stands for. Throws TypeError for what cannot be sent.
 * @param {unknown} content
 * @returns {Part}
 */
export function part(content: unknown): Part;
/**
 * @param {Content | Content[]} content
 * @returns {Part[]}
 */
export function parts(content: Content | Content[]): Part[];
/**
 * The text parts, one under another.
 * @param {Part[]} all
 */
export function textOf(all: Part[]): string;
/**
 * Whether JSON can say it as it is: plain objects, arrays, numbers and booleans.
 * @param {unknown} value
 */
export function isData(value: unknown): boolean;
/** What travels in a turn: parts, messages, artifacts, changes of state. */
export const SCHEMA_TYPE: "application/schema+json";
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
    constructor({ text, raw, url, data, mediaType, filename, metadata }: PartFields);
    /** @type {string | undefined} */
    text: string | undefined;
    /** @type {Uint8Array | undefined} */
    raw: Uint8Array | undefined;
    /** @type {string | undefined} */
    url: string | undefined;
    /** @type {unknown} */
    data: unknown;
    mediaType: string;
    filename: string;
    metadata: JsonObject;
    /** `text`, `raw`, `url` or `data`. */
    get kind(): "text" | "raw" | "url" | "data";
}
/** A message to or from an agent. `role` is "user" or "agent". */
export class Message {
    /**
     * @param {Content | Content[]} content
     * @param {{role?: string, metadata?: JsonObject, messageId?: string, taskId?: string,
     *   contextId?: string}} [options]
     */
    constructor(content: Content | Content[], options?: {
        role?: string;
        metadata?: JsonObject;
        messageId?: string;
        taskId?: string;
        contextId?: string;
    });
    parts: Part[];
    role: string;
    metadata: JsonObject;
    messageId: string;
    taskId: string;
    contextId: string;
    /** The text parts, one under another. */
    get text(): string;
}
/**
 * The whole answer, in place of a task: for a caller who only wants a word.
 *
 * Nothing else may come before or after it, and no earlier turn of the task may have answered. The
 * agent says `direct_messages: true` in its plugin.yaml.
 */
export class DirectMessage extends Message {
}
/** The answer of a turn when it is more than one part: becomes the artifact named "reply". */
export class Reply {
    /** @param {Content | Content[]} content @param {{metadata?: JsonObject}} [options] */
    constructor(content: Content | Content[], options?: {
        metadata?: JsonObject;
    });
    parts: Part[];
    metadata: JsonObject;
}
/** Something the agent made. Yield it again with `append: true` to add parts to it. */
export class Artifact {
    /**
     * @param {Content | Content[]} content
     * @param {{name?: string, artifactId?: string, description?: string, metadata?: JsonObject,
     *   append?: boolean, lastChunk?: boolean}} [options]
     */
    constructor(content: Content | Content[], options?: {
        name?: string;
        artifactId?: string;
        description?: string;
        metadata?: JsonObject;
        append?: boolean;
        lastChunk?: boolean;
    });
    parts: Part[];
    name: string;
    artifactId: string;
    description: string;
    metadata: JsonObject;
    append: boolean;
    lastChunk: boolean;
}
/** A change of the task's state, with words for the caller. A final state ends the turn. */
export class Status {
    /**
     * @param {Content | Content[]} [content]
     * @param {{state?: string, metadata?: JsonObject, reason?: string}} [options]
     */
    constructor(content?: Content | Content[], options?: {
        state?: string;
        metadata?: JsonObject;
        reason?: string;
    });
    parts: Part[];
    state: string;
    metadata: JsonObject;
    reason: string;
}
/**
 * Ask the caller; the turn ends, and the answer comes as the next turn of the same task.
 *
 * `schema`: the JSON Schema of the answer; who asks in a console draws a form of it and sends a data part.
 */
export class InputRequired extends Status {
    /** @param {Content | Content[]} [question] @param {{metadata?: JsonObject, schema?: JsonObject}} [options] */
    constructor(question?: Content | Content[], { schema, ...options }?: {
        metadata?: JsonObject;
        schema?: JsonObject;
    });
}
/** The agent calls a tool: yield it, and who follows the task sees it. `arguments` is a JSON object. */
export class ToolCall {
    /** @param {string} id @param {string} name @param {Record<string, any>} [args] */
    constructor(id: string, name: string, args?: Record<string, any>);
    id: string;
    name: string;
    arguments: Record<string, any>;
}
/** What came of a `ToolCall` with this id: `result` is any JSON value; `error` says why there is none. */
export class ToolResult {
    /** @param {string} id @param {string} name @param {{result?: any, error?: string}} [outcome] */
    constructor(id: string, name: string, { result, error }?: {
        result?: any;
        error?: string;
    });
    id: string;
    name: string;
    result: any;
    error: string;
}
/** What a model took: tokens, and money where its price is known. Those of a turn are added up. */
export class Usage {
    /**
     * @param {string} model
     * @param {{inputTokens?: number, outputTokens?: number, cost?: number | null, currency?: string}} [told]
     */
    constructor(model: string, { inputTokens, outputTokens, cost, currency }?: {
        inputTokens?: number;
        outputTokens?: number;
        cost?: number | null;
        currency?: string;
    });
    model: string;
    inputTokens: number;
    outputTokens: number;
    cost: number | null;
    currency: string;
}
/**
 * Say that the caller must authorise something elsewhere before the task can go on.
 *
 * The turn ends, and the caller may write again. For a caller who follows the task it goes on as
 * soon as the generator yields something more: wait for the authorisation there.
 */
export class AuthRequired extends Status {
    /** @param {Content | Content[]} [explanation] @param {{metadata?: JsonObject}} [options] */
    constructor(explanation?: Content | Content[], options?: {
        metadata?: JsonObject;
    });
}
export type JsonObject = Record<string, unknown>;
/**
 * A string becomes a text part; an object, number or boolean a data part. Where several may be
 * given, an array is several of them: a data part that is an array is `new Part({data: [...]})`.
 */
export type Content = string | Part | object | number | boolean;
/**
 * What a part is made of: exactly one of text, raw, url and data (any JSON value, null too).
 */
export type PartFields = {
    text?: string;
    raw?: Uint8Array;
    url?: string;
    data?: unknown;
    mediaType?: string;
    filename?: string;
    metadata?: JsonObject;
};
