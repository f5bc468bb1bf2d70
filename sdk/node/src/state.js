/** What a plugin must not forget when another process takes its place. */

import { toJson } from "./codec.js";

export const MAX_ENTRY = 1024 * 1024; // bytes of one value
export const MAX_STATE = 64 * 1024 * 1024; // bytes of all values together

/** One thing to keep: `value` is bytes, `version` grows with every change in this process. */
export class StateEntry {
  /**
   * @param {{key: string, value?: Uint8Array, agentId?: string, version?: number, removed?: boolean}} fields
   */
  constructor({ key, value = new Uint8Array(), agentId = "", version = 0, removed = false }) {
    this.key = key;
    this.value = value;
    this.agentId = agentId;
    this.version = version;
    this.removed = removed;
  }
}

/**
 * A Map of JSON values that knows what changed since when.
 *
 * A value that was changed in place (`state.get("list").push(1)`) is noticed too, when the state is
 * saved.
 * @extends {Map<string, any>}
 */
export class State extends Map {
  /** @type {Map<string, {encoded: Buffer, version: number}>} As last looked at. */
  #kept = new Map();
  /** @type {Map<string, number>} */
  #removed = new Map();
  #version = 0;

  constructor() {
    super(); // entries would be set before there is anything to keep them with
  }

  /** That of the newest change, 0 before the first. */
  get version() {
    return this.#version;
  }

  /**
   * Throws TypeError for what JSON cannot say, RangeError for more than a MiB.
   * @override @param {string} key @param {any} value
   */
  set(key, value) {
    const encoded = encode(key, value);
    super.set(key, value);
    this.#keep(key, encoded);
    return this;
  }

  /** @override @param {string} key */
  delete(key) {
    if (!super.delete(key)) return false;
    this.#kept.delete(key);
    this.#version += 1;
    this.#removed.set(key, this.#version);
    return true;
  }

  /** @override */
  clear() {
    for (const key of [...this.keys()]) this.delete(key);
  }

  /**
   * What changed after version `since`, oldest change first; 0: everything there is.
   * @param {number} [since]
   * @returns {StateEntry[]}
   */
  changes(since = 0) {
    for (const [key, value] of this) this.#keep(key, encode(key, value));
    const there = [...this.#kept]
      .filter(([, { version }]) => version > since)
      .map(([key, { encoded, version }]) => new StateEntry({ key, value: encoded, version }));
    const gone = [...this.#removed]
      .filter(([, version]) => since > 0 && version > since)
      .map(([key, version]) => new StateEntry({ key, version, removed: true }));
    return [...there, ...gone].sort((one, other) => one.version - other.version);
  }

  /**
   * Take entries of another process over what is here; other keys stay. Throws SyntaxError.
   * @param {Iterable<StateEntry>} entries
   */
  load(entries) {
    for (const { key, value, removed } of entries) {
      if (removed) this.delete(key);
      else this.set(key, JSON.parse(Buffer.from(value).toString()));
    }
  }

  /** @param {string} key @param {Buffer} encoded */
  #keep(key, encoded) {
    if (this.#kept.get(key)?.encoded.equals(encoded)) return;
    this.#version += 1;
    this.#kept.set(key, { encoded, version: this.#version });
    this.#removed.delete(key);
  }
}

/** @param {string} key @param {unknown} value */
function encode(key, value) {
  if (typeof key !== "string") throw new TypeError(`a state's key is a string, not a ${typeof key}`);
  const encoded = Buffer.from(toJson(value));
  if (encoded.length > MAX_ENTRY) throw new RangeError(tooMuch(key, encoded.length));
  return encoded;
}

/**
 * Throws RangeError when entries are larger than may be moved.
 * @param {Iterable<StateEntry>} entries
 */
export function checkSize(entries) {
  let size = 0;
  for (const { key, value } of entries) {
    size += value.length;
    if (value.length > MAX_ENTRY || size > MAX_STATE) throw new RangeError(tooMuch(key, value.length));
  }
}

/** @param {string} key @param {number} size */
function tooMuch(key, size) {
  if (size <= MAX_ENTRY) return `the state is more than ${MAX_STATE} bytes`;
  return `state "${key}" is ${size} bytes of JSON: an entry has at most ${MAX_ENTRY}`;
}
