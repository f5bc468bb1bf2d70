/** How Node finds packages for own code: where that has none of its own, the plugin's. A hook of `node:module`. */

let base = "";

/** @param {{base: string}} data */
export function initialize(data) {
  base = data.base;
}

/**
 * @param {string} specifier @param {{parentURL?: string}} context
 * @param {(specifier: string, context: object) => Promise<object>} next
 */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (/^([./]|\w+:)/.test(specifier) || !isMissing(error)) throw error;
    return next(specifier, { ...context, parentURL: base });
  }
}

/** @param {any} error */
function isMissing(error) {
  return error?.code === "ERR_MODULE_NOT_FOUND";
}
