/** Own functions in threads of their own: one that never returns, or never lets go, holds up nobody and is ended. */

import { Worker } from "node:worker_threads";

import { ConfigError } from "../errors.js";

const MOST = 8; // threads of one function; further calls wait for one
const IDLE = 4; // threads that wait for a next call
const MEMORY_MB = 256;

/** @typedef {{name: string, description: string, inputSchema: Record<string, any>}} About */

/** The function that `code` names, in threads that begin when they are needed. */
export class Workshop {
  #code;
  #folders;
  /** @type {Worker[]} */
  #idle = [];
  #count = 0;
  /** @type {(() => void)[]} */
  #waiting = [];
  #closed = false;

  /** @param {string} code @param {readonly string[]} folders */
  constructor(code, folders) {
    this.#code = code;
    this.#folders = folders;
  }

  /** What the function says of itself. Throws ConfigError for code that does not import. @param {string} place */
  async about(place) {
    const worker = this.#worker();
    try {
      /** @type {{about?: About, refused?: string}} */
      const told = await answer(worker, null, new AbortController().signal);
      if (!told.about) throw new ConfigError(`${this.#code}: ${told.refused}`, { [place]: told.refused ?? "" });
      this.#give(worker);
      return told.about;
    } catch (error) {
      this.#end(worker);
      throw error instanceof ConfigError ? error : new ConfigError(`${this.#code}: ${error}`, { [place]: String(error) });
    }
  }

  /** Call it. Throws what it throws, and the signal's reason; its thread has ended then. @param {Record<string, any>} args @param {AbortSignal} signal */
  async call(args, signal) {
    const worker = this.#idle.pop() ?? (await this.#free(signal));
    const told = await this.#answered(worker, args, signal);
    this.#give(worker);
    if (told.error) throw Object.assign(new Error(told.error.message), { name: told.error.name });
    return told.result;
  }

  /** @param {Worker} worker @param {Record<string, any>} args @param {AbortSignal} signal */
  async #answered(worker, args, signal) {
    try {
      const told = await answer(worker, { args }, signal);
      if (told.refused) throw new Error(told.refused); // it was imported before, and is not in this thread
      return told;
    } catch (error) {
      this.#end(worker);
      throw error;
    }
  }

  /** End its threads. */
  close() {
    this.#closed = true;
    for (const worker of this.#idle.splice(0)) this.#end(worker);
  }

  /** @param {AbortSignal} signal @returns {Promise<Worker>} */
  async #free(signal) {
    while (this.#count >= MOST && !this.#idle.length) {
      await new Promise((resolve) => {
        this.#waiting.push(() => resolve(undefined));
        signal.addEventListener("abort", resolve, { once: true });
      });
      signal.throwIfAborted();
    }
    return this.#idle.pop() ?? this.#worker();
  }

  #worker() {
    this.#count += 1;
    const worker = new Worker(new URL("worker.js", import.meta.url), {
      // `argv[1]` is how own code finds the plugin's folder.
      workerData: { code: this.#code, folders: this.#folders, main: process.argv[1] },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    worker.on("error", () => {}); // told to who waits for its answer
    worker.unref();
    return worker;
  }

  /** @param {Worker} worker */
  #give(worker) {
    if (this.#closed || (this.#idle.length >= IDLE && !this.#waiting.length)) this.#end(worker);
    else this.#idle.push(worker);
    this.#waiting.shift()?.();
  }

  /** @param {Worker} worker */
  #end(worker) {
    this.#count -= 1;
    worker.terminate();
    this.#waiting.shift()?.();
  }
}

/**
 * @param {Worker} worker @param {unknown} message Nothing: it tells about itself first.
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
function answer(worker, message, signal) {
  return new Promise((resolve, reject) => {
    const gone = () => settle(reject, signal.reason);
    const ended = () => settle(reject, new Error("its thread has ended"));
    const failed = (/** @type {unknown} */ error) => settle(reject, error);
    const told = (/** @type {any} */ value) => (message && value.about ? undefined : settle(resolve, value));
    const settle = (/** @type {(value: any) => void} */ tell, /** @type {unknown} */ value) => {
      worker.off("message", told).off("exit", ended).off("error", failed);
      signal.removeEventListener("abort", gone);
      worker.unref();
      tell(value);
    };
    worker.on("message", told).on("exit", ended).on("error", failed);
    signal.addEventListener("abort", gone, { once: true });
    worker.ref();
    if (message) worker.postMessage(message);
    if (signal.aborted) gone();
  });
}
