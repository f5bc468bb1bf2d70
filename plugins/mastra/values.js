/** What steps of a workflow made, by their names: texts that name them, conditions on them, answers that must fit. */

import { mistakes } from "@agentx/sdk/llm";

const NAMED = /\{([A-Za-z]\w*)((?:\.\w+)*)\}/g;
const ALWAYS = ["input", "last", "history"];

/** The results that a text names. @param {string} text */
export function namesIn(text) {
  return [...text.matchAll(NAMED)].map(([, name]) => name).filter((name) => !ALWAYS.includes(name));
}

/** The texts somewhere in a JSON value. @param {unknown} value @returns {string[]} */
export function textsIn(value) {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** A text with what it names in it. @param {string} text @param {Record<string, unknown>} values */
export function filled(text, values) {
  return text.replace(NAMED, (whole, name, path) => (Object.hasOwn(values, name) ? inWords(at(values[name], path)) : whole));
}

/** The same of every text in a JSON value; a text that is nothing but a name becomes the value itself. */
export function filledIn(value, values) {
  if (typeof value === "string") {
    const [whole, name, path] = new RegExp(`^${NAMED.source}$`).exec(value) ?? [];
    return whole && Object.hasOwn(values, name) ? at(values[name], path) : filled(value, values);
  }
  if (Array.isArray(value)) return value.map((each) => filledIn(each, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filledIn(each, values)]));
}

/** @param {unknown} value */
export function inWords(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether a condition holds. @param {object | undefined} told @param {Record<string, unknown>} values */
export function holds(told, values) {
  if (!told) return true;
  const [, name, path] = /^(\w*)((?:\.\w+)*)$/.exec(told.of ?? "") ?? [];
  const value = at(values[name || "last"], path ?? "");
  return fits(told, value) !== Boolean(told.not);
}

function fits(told, value) {
  if ("equals" in told) return JSON.stringify(value) === JSON.stringify(told.equals);
  if (told.contains !== undefined) return inWords(value).toLowerCase().includes(told.contains.toLowerCase());
  return Boolean(value);
}

/** @param {unknown} value @param {string} path Such as ".a.b". */
function at(value, path) {
  return path.split(".").slice(1).reduce((found, key) => (found !== null && typeof found === "object" ? found[key] : undefined), value);
}

/**
 * What a caller said, as a schema wants it: data as it is; of a text its JSON, or the one field that it may be meant
 * for. `wrong` says in words what does not fit.
 * @param {unknown} said @param {Record<string, any>} schema
 * @returns {Promise<{value: unknown, wrong: string}>}
 */
export async function fitted(said, schema) {
  let wrong = "";
  for (const value of meanings(said, schema)) {
    const found = Object.entries(await mistakes(schema, value));
    if (!found.length) return { value, wrong: "" };
    wrong ||= found.map(([field, words]) => `${field} ${words}`.trim()).join("; ");
  }
  return { value: said, wrong };
}

function meanings(said, schema) {
  if (typeof said !== "string") return [said];
  const fields = Object.entries(schema.properties ?? {});
  const needed = fields.filter(([name]) => schema.required?.includes(name));
  const [name, field] = needed.length === 1 ? needed[0] : fields.length === 1 ? fields[0] : [];
  const inField = name ? [{ [name]: field.type === "boolean" ? isYes(said) : (parsed(said) ?? said) }, { [name]: said }] : [];
  const json = parsed(said);
  return [...(json === undefined ? [] : [json]), said, ...inField];
}

function isYes(said) {
  if (/^\s*(yes|y|ok|okay|true|approved?|ja|oui)\b/i.test(said)) return true;
  return /^\s*(no|n|false|rejected?|denied|nein|non)\b/i.test(said) ? false : said;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
