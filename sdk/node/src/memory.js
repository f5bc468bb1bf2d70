/** What an agent remembers of one conversation: it comes with a turn, and goes back with its end. */

import { constants, deflateSync, inflateSync } from "node:zlib";

import { toJson } from "./codec.js";
import { TaskFailed } from "./errors.js";

const MAX_MEMORY = 1024 * 1024; // bytes on the wire
const TOO_MUCH = "memory_full";
const PLAIN_UP_TO = 2048; // bytes of JSON; more is worth the time it takes to press it
const PRESSED = 0x78; // the first byte of a zlib stream, which no JSON object begins with
const MOST_OPENED = 64 * MAX_MEMORY; // what a memory of a MiB can hold when JSON presses well

/**
 * JSON values by name. AgentX keeps them; the next turn of the conversation gets them, in whichever
 * process. A turn that fails or is cancelled leaves the memory as it was before.
 * @extends {Map<string, any>}
 */
export class Memory extends Map {
  #before = "{}";

  /** Throws SyntaxError, TypeError and RangeError for bytes that are no memory. @param {Uint8Array} [encoded] */
  constructor(encoded) {
    super(encoded?.length ? Object.entries(decoded(encoded)) : []);
    this.#before = this.#text();
  }

  /**
   * The bytes to keep; null: nothing changed. Throws TaskFailed for more than a MiB, TypeError for no JSON.
   * @returns {Uint8Array | null}
   */
  encoded() {
    const text = this.#text();
    if (text === this.#before) return null;
    const plain = Buffer.from(text.toWellFormed());
    if (plain.length > MOST_OPENED) {
      // No later turn would open it, however well it presses.
      const told = `the conversation's memory is ${plain.length} bytes of JSON: at most ${MOST_OPENED}`;
      throw new TaskFailed(told, TOO_MUCH);
    }
    const pressed =
      plain.length <= PLAIN_UP_TO ? plain : deflateSync(plain, { level: constants.Z_BEST_SPEED });
    if (pressed.length > MAX_MEMORY) {
      const told = `the conversation's memory takes ${pressed.length} bytes: at most ${MAX_MEMORY}`;
      throw new TaskFailed(told, TOO_MUCH);
    }
    return pressed;
  }

  #text() {
    return toJson(Object.fromEntries(this));
  }
}

/** @param {Uint8Array} encoded @returns {Record<string, unknown>} */
function decoded(encoded) {
  // A bomb goes no further.
  const text = encoded[0] === PRESSED ? inflateSync(encoded, { maxOutputLength: MOST_OPENED }) : encoded;
  const value = JSON.parse(Buffer.from(text).toString());
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("a memory is a JSON object");
  }
  return value;
}
