/** The folder of the plugin's main.js. */
export function pluginFolder(): string;
/**
 * An object, in a box: some frameworks' objects have a `then` of their own, which `await` would call.
 * @typedef {{object: any}} Found
 */
/**
 * The object. `folders`: where a relative file is looked for, besides the plugin's own folder.
 * A module is imported once a process; a changed file is another one. Throws ConfigError.
 * @param {string} told @param {readonly string[]} [folders] @param {string} [place] The field that says it.
 * @returns {Promise<Found>}
 */
export function loaded(told: string, folders?: readonly string[], place?: string): Promise<Found>;
/**
 * The object itself; of a plain function what it returns, or its promise gives, when it is given `offered`.
 * Throws what the function throws, and RangeError when it takes too long.
 * @param {Found} found @param {Record<string, unknown>} offered
 * @returns {Promise<Found>}
 */
export function made({ object }: Found, offered: Record<string, unknown>): Promise<Found>;
/**
 * An object, in a box: some frameworks' objects have a `then` of their own, which `await` would call.
 */
export type Found = {
    object: any;
};
