/**
 * The orphan rule: a plugin outlives its supervisor by one lease, and no longer.
 *
 * Kept in a thread, so that an adapter that blocks the event loop cannot keep an orphan alive.
 */

import { Worker } from "node:worker_threads";

const UNTIL = 0;
const RELEASED = 1;

/** Monotonic milliseconds, the same in every thread. */
function now() {
  return process.hrtime.bigint() / 1_000_000n;
}

/** Calls `onEnd` when nobody renewed for `seconds`, and kills the process if that led to nothing. */
export class Lease {
  #state = new BigInt64Array(new SharedArrayBuffer(16));
  /** @type {Worker | null} */
  #worker = null;

  /** @param {number} seconds @param {() => void} onEnd @param {number} patience Seconds. */
  constructor(seconds, onEnd, patience) {
    this.onEnd = onEnd;
    this.patience = patience;
    this.renew(seconds);
  }

  /** Begin to watch. */
  start() {
    this.#worker = new Worker(new URL("./lease_worker.js", import.meta.url), {
      workerData: { state: this.#state, patience: this.patience * 1000 },
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.once("message", this.onEnd);
    this.#worker.unref();
  }

  /** Somebody still wants this process. @param {number} seconds */
  renew(seconds) {
    Atomics.store(this.#state, UNTIL, now() + BigInt(Math.round(seconds * 1000)));
  }

  /** The process ends for another reason. */
  release() {
    Atomics.store(this.#state, RELEASED, 1n);
    Atomics.notify(this.#state, RELEASED);
  }
}
