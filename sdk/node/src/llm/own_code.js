/** An author's own object, by a file or a package: `folder/file.js:name`, `package:name`. */

import { createHash } from "node:crypto";
import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { ConfigError } from "../errors.js";

const FILE = /\.[cm]?js$/;
const WORDS = 500;
const SECONDS = 8; // of a function that makes an agent, or of a file that is imported: who configures it waits
let found = false;

/** The folder of the plugin's main.js. */
export function pluginFolder() {
  return path.dirname(fs.realpathSync(process.argv[1] ?? "."));
}

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
export async function loaded(told, folders = [], place = "code") {
  const [, where, name] = /^(.+):([\w$.]+)$/.exec(told) ?? [];
  if (!where) throw refused(told, "must be folder/file.js:name or package:name", place);
  const address = FILE.test(where) ? fileAddress(told, where, folders, place) : where;
  const all = await imported(told, address, place);
  let object = all;
  for (const step of name.split(".")) {
    object = object?.[step];
    if (object === undefined) throw refused(told, `${where} has no "${name}"`, place);
  }
  return { object };
}

/**
 * The object itself; of a plain function what it returns, or its promise gives, when it is given `offered`.
 * Throws what the function throws, and RangeError when it takes too long.
 * @param {Found} found @param {Record<string, unknown>} offered
 * @returns {Promise<Found>}
 */
export async function made({ object }, offered) {
  if (typeof object !== "function" || isClass(object)) return { object };
  const told = object(offered);
  return { object: told instanceof Promise ? await inTime(told) : told };
}

/** @param {Promise<any>} promise */
async function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    const words = `it was not done within ${SECONDS} s (a promise of what has a \`then\` of its own never is)`;
    timer = setTimeout(() => reject(new RangeError(words)), SECONDS * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Function} object */
function isClass(object) {
  return /^class\b/.test(Function.prototype.toString.call(object));
}

/** @param {string} told @param {string} where @param {readonly string[]} folders @param {string} place */
function fileAddress(told, where, folders, place) {
  const places = path.isAbsolute(where) ? [where] : [...folders, pluginFolder(), "."].map((each) => path.resolve(each, where));
  const file = places.find((each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile());
  if (!file) {
    const looked = [...new Set(places.map((each) => path.dirname(each)))].join(", ");
    throw refused(told, `there is no file ${path.basename(where)} in ${looked}`, place);
  }
  const digest = createHash("sha256").update(fs.readFileSync(file)).digest("hex").slice(0, 16);
  return `${pathToFileURL(file)}?${digest}`;
}

/** @param {string} told @param {string} address @param {string} place */
async function imported(told, address, place) {
  lendPackages();
  try {
    return await inTime(import(address));
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw refused(told, `it does not import: ${why}`.slice(0, WORDS), place, error);
  }
}

/** Own code outside the plugin's folder finds the plugin's packages; its own come first. */
function lendPackages() {
  if (found) return;
  found = true;
  const base = String(pathToFileURL(path.join(pluginFolder(), "main.js")));
  module.register(new URL("lending.js", import.meta.url), { data: { base } });
}

/** @param {string} told @param {string} why @param {string} place @param {unknown} [cause] */
function refused(told, why, place, cause) {
  const error = new ConfigError(`${told}: ${why}`, { [place]: why });
  error.cause = cause;
  return error;
}
