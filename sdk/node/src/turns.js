/** Messages through the adapter: the hot path of a plugin. */

import grpc from "@grpc/grpc-js";

import { objectJson } from "./codec.js";
import { Status } from "./content.js";
import { TaskFailed, TaskRejected } from "./errors.js";
import { EventWriter } from "./events.js";
import { Logger, Sparing } from "./logs.js";
import { RpcError, firstMessage, write } from "./rpc.js";
import { Turn, currentTurn } from "./turn.js";

/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./hosting.js").Hosting} Hosting */
/** @typedef {(events: Wire[], memory: Uint8Array | null) => void | Promise<void>} Send Events, and with the last of them the memory to keep. */

const logger = new Logger("agentx_sdk.turns");
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The turn was not done by the time its caller wanted it. */
class DeadlineExceeded extends Error {}

/** Runs turns and counts them. */
export class Turns {
  #hosting;
  #failures = new Sparing();

  /** @param {Hosting} hosting */
  constructor(hosting) {
    this.#hosting = hosting;
  }

  /**
   * One message, and every event of its turn in one response.
   * @param {Wire} request @param {any} call
   * @returns {Promise<Wire>}
   */
  async unary(request, call) {
    const turn = this.#admit(request, call);
    /** @type {Wire} */
    const response = { success: true, events: [], requestId: turn.requestId };
    /** @type {Send} */
    const keep = (more, memory) => {
      response.events.push(...more);
      if (memory) response.memory = memory;
    };
    return (await this.#run(turn, keep, false)) ?? response;
  }

  /** One message, and its events as they come. @param {any} call */
  async stream(call) {
    const turn = this.#admit(await firstMessage(call), call);
    // Headers now, so that the core knows at once that the message was delivered.
    call.sendMetadata(new grpc.Metadata());
    const requestId = turn.requestId;
    /** @type {Send} */
    const send = (events, memory) =>
      write(call, { success: true, events, requestId, ...(memory ? { memory } : {}) });
    const failure = await this.#run(turn, send, true);
    if (failure) await write(call, failure);
  }

  /** @param {Wire} request @param {any} call @returns {Turn} */
  #admit(request, call) {
    const hosting = this.#hosting;
    if (!hosting.ready) {
      const why = hosting.draining ? "draining" : "not initialized";
      throw new RpcError(grpc.status.UNAVAILABLE, `the plugin is ${why}`);
    }
    const turn = new Turn(request, agentOf(hosting, request.agentId));
    call.once("cancelled", () => turn.cancel());
    if (call.cancelled) turn.cancel();
    return turn;
  }

  /**
   * Run a turn to its end; the response that tells of its failure, or null.
   * @param {Turn} turn @param {Send} send @param {boolean} live
   * @returns {Promise<Wire | null>}
   */
  async #run(turn, send, live) {
    const load = this.#hosting.load;
    load.enter();
    const timer = watchDeadline(turn);
    let failure = null;
    try {
      await currentTurn.run(turn, () => this.#drive(turn, send, live));
    } catch (error) {
      if (turn.cancelled && !isLate(turn)) throw new RpcError(grpc.status.CANCELLED, "cancelled");
      failure = await currentTurn.run(turn, () => this.#failed(turn, error, send));
    } finally {
      clearTimeout(timer);
      load.leave(failure !== null);
    }
    return failure;
  }

  /** @param {Turn} turn @param {unknown} error @param {Send} send @returns {Promise<Wire | null>} */
  async #failed(turn, error, send) {
    if (isLate(turn)) {
      this.#tell("warning", "the turn was not done by its deadline");
      return response(turn, "it was not done by its deadline", "deadline_exceeded");
    }
    if (error instanceof TaskRejected) {
      const status = new Status(error.reason, { state: "rejected", reason: "rejected" });
      await send(new EventWriter(turn, { live: false }).add(status), null);
      return null;
    }
    if (error instanceof TaskFailed) {
      this.#tell("warning", `the turn failed (${error.code}): ${error.reason}`);
      return response(turn, error.reason, error.code, error.metadata);
    }
    this.#tell("error", "the adapter failed:", error);
    return response(turn, described(error), "agent_error");
  }

  /**
   * A line with the task's id (see `logs`), unless there were too many lately.
   * @param {"warning" | "error"} level @param {...unknown} values
   */
  #tell(level, ...values) {
    const keptBack = this.#failures.admit();
    if (keptBack === null) return;
    if (keptBack) logger.warning(`${keptBack} more failures were not logged`);
    logger[level](...values);
  }

  /** @param {Turn} turn @param {Send} send @param {boolean} live */
  async #drive(turn, send, live) {
    const result = await turn.orCancelled(this.#hosting.adapter.process(turn));
    const steps = iterator(result);
    if (steps) {
      await relay(steps, new EventWriter(turn, { live }), send, turn);
      return;
    }
    const writer = new EventWriter(turn, { live: false });
    await send([...writer.add(result), ...writer.finish()], turn.memoryToKeep());
  }
}

/** @param {Hosting} hosting @param {string} slug */
export function agentOf(hosting, slug) {
  try {
    return hosting.agent(slug);
  } catch (error) {
    throw new RpcError(grpc.status.NOT_FOUND, /** @type {Error} */ (error).message);
  }
}

/** An error as its caller reads it: class and words, no stack. @param {unknown} error */
export function described(error) {
  return error instanceof Error ? `${error.name}: ${error.message}` : `Error: ${String(error)}`;
}

/** Cancels a turn at its deadline. @param {Turn} turn */
function watchDeadline(turn) {
  const left = turn.secondsLeft;
  if (left === null) return undefined;
  const late = () => turn.cancel(new DeadlineExceeded("the deadline has passed"));
  return setTimeout(late, Math.min(left * 1000, LONGEST_TIMER_MS));
}

/** @param {Turn} turn */
function isLate(turn) {
  return turn.signal.reason instanceof DeadlineExceeded;
}

/** Of a generator, async or plain; null for anything else. @param {any} result */
function iterator(result) {
  if (typeof result?.next !== "function") return null;
  return result[Symbol.asyncIterator]?.() ?? result[Symbol.iterator]?.() ?? null;
}

/**
 * Send what is yielded, and returned at last, until the turn ends. The generator is closed however
 * that happens: one that does not look at `turn.signal` at its next `yield`.
 * @param {AsyncIterator<unknown>} steps @param {EventWriter} writer @param {Send} send @param {Turn} turn
 */
async function relay(steps, writer, send, turn) {
  try {
    for (let done = false; !done && !writer.ended; ) {
      const step = await turn.orCancelled(steps.next());
      done = step.done === true;
      const events = writer.add(step.value);
      if (events.length) await send(events, writer.ended ? turn.memoryToKeep() : null);
    }
  } finally {
    close(steps, turn);
  }
  const events = writer.finish(); // nothing is left to say where authorisation is awaited
  if (events.length) await send(events, turn.memoryToKeep());
}

/** @param {AsyncIterator<unknown>} steps @param {Turn} turn */
async function close(steps, turn) {
  try {
    await steps.return?.();
  } catch (error) {
    if (!turn.cancelled) logger.error("the generator failed after its end:", error);
  }
}

/** @param {Turn} turn @param {string} error @param {string} code @param {Record<string, unknown>} [metadata] */
function response(turn, error, code, metadata = {}) {
  const metadataJson = objectJson(metadata);
  return { success: false, error, errorCode: code, requestId: turn.requestId, metadataJson };
}
