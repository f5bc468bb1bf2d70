/** JSON Schema: of configurations and of tools' arguments. The checker is loaded when there is one to check. */

/** @typedef {import("./content.js").JsonObject} JsonObject */

/** @type {any} */
let checker = null;
/** @type {WeakMap<object, any>} */
const compiled = new WeakMap();

/**
 * What is wrong with a value, by dotted path; the schema's defaults are filled in. Messages never
 * have the value in them, which may be a secret.
 * @param {JsonObject} schema
 * @param {unknown} value
 * @returns {Promise<Record<string, string>>}
 */
export async function mistakes(schema, value) {
  const check = await compile(schema);
  if (check(value)) return {};
  return Object.fromEntries(check.errors.map((/** @type {any} */ error) => [pathOf(error), wordsOf(error)]));
}

/** @param {JsonObject} schema */
async function compile(schema) {
  let check = compiled.get(schema);
  if (!check) {
    const { Ajv2020 } = await import("ajv/dist/2020.js");
    checker ??= new Ajv2020({
      allErrors: true,
      strict: false,
      useDefaults: true,
      validateFormats: false,
    });
    check = checker.compile(schema);
    compiled.set(schema, check);
  }
  return check;
}

/** @param {any} error */
function pathOf(error) {
  const names = error.instancePath.split("/").slice(1).map(unescape);
  const { missingProperty, additionalProperty } = error.params;
  return [...names, missingProperty ?? additionalProperty].filter(Boolean).join(".");
}

/** Of JSON Pointer. @param {string} name */
function unescape(name) {
  return name.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** @param {any} error */
function wordsOf(error) {
  const { missingProperty, additionalProperty, allowedValues } = error.params;
  if (missingProperty) return "is missing";
  if (additionalProperty) return "is not known";
  if (allowedValues) return `must be one of ${JSON.stringify(allowedValues)}`;
  return error.message;
}

/**
 * The names of all properties that a schema calls secret.
 * @param {any} schema
 * @returns {string[]}
 */
export function secretNames(schema) {
  if (typeof schema !== "object" || schema === null) return [];
  const own = Object.entries(schema.properties ?? {}).filter(([, each]) => isSecret(each));
  return [...own.map(([name]) => name), ...Object.values(schema).flatMap(secretNames)];
}

/** @param {any} property */
function isSecret(property) {
  return Boolean(property?.writeOnly) || property?.format === "password";
}
