/** The thread that watches the lease (see lease.js). It needs nothing of the main thread to act. */

import fs from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const UNTIL = 0;
const RELEASED = 1;
/** @type {{state: BigInt64Array, patience: number}} */
const { state, patience } = workerData;

/** Whether the lease was released within so many milliseconds. @param {number} milliseconds */
function released(milliseconds) {
  Atomics.wait(state, RELEASED, 0n, milliseconds);
  return Atomics.load(state, RELEASED) !== 0n;
}

/** Milliseconds until the lease ends. */
function left() {
  return Number(Atomics.load(state, UNTIL) - process.hrtime.bigint() / 1_000_000n);
}

function watch() {
  for (let wait = left(); wait > 0; wait = left()) {
    if (released(wait)) return;
  }
  parentPort?.postMessage("ended");
  if (released(patience)) return;
  fs.writeSync(2, "the lease was not renewed and the event loop is blocked: this orphan is killed\n");
  // A thread can end its process in no other way.
  process.kill(process.pid, "SIGKILL");
}

watch();
