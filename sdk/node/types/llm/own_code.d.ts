/** The folder of the plugin's main.js. */
export function pluginFolder(): string;
/**
 * The object. `folders`: where a relative file is looked for, besides the plugin's own folder.
 * A module is imported once a process; a changed file is another one. Throws ConfigError.
 * @param {string} told @param {readonly string[]} [folders] @param {string} [place] The field that says it.
 * @returns {Promise<any>}
 */
export function loaded(told: string, folders?: readonly string[], place?: string): Promise<any>;
/**
 * The object itself; of a plain function what it returns when it is given `offered`.
 * @param {any} object @param {Record<string, unknown>} offered
 */
export function made(object: any, offered: Record<string, unknown>): Promise<any>;
