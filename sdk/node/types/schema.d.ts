/**
 * What is wrong with a value, by dotted path; the schema's defaults are filled in. Messages never
 * have the value in them, which may be a secret.
 * @param {JsonObject} schema
 * @param {unknown} value
 * @returns {Promise<Record<string, string>>}
 */
export function mistakes(schema: JsonObject, value: unknown): Promise<Record<string, string>>;
/**
 * The names of all properties that a schema calls secret.
 * @param {any} schema
 * @returns {string[]}
 */
export function secretNames(schema: any): string[];
export type JsonObject = import("./content.js").JsonObject;
