/** SaveState and LoadState. */

import grpc from "@grpc/grpc-js";

import { Logger } from "./logs.js";
import { RpcError, write } from "./rpc.js";
import { StateEntry, checkSize } from "./state.js";
import { described } from "./turns.js";

/** @typedef {import("./adapter.js").Adapter} Adapter */

const logger = new Logger("agentx_sdk.state");

/** Moves what the adapter keeps, as a stream of entries. */
export class StateCalls {
  #adapter;

  /** @param {Adapter} adapter */
  constructor(adapter) {
    this.#adapter = adapter;
  }

  /** @param {any} call */
  async save(call) {
    for (const entry of await this.#saved(call.request.changedSince)) await write(call, entry);
  }

  /** @param {any} call @returns {Promise<import("./wire.js").Wire>} */
  async load(call) {
    /** @type {StateEntry[]} */
    const entries = [];
    try {
      for await (const wire of call) {
        entries.push(new StateEntry(wire));
        checkSize(entries);
      }
      await this.#adapter.loadState(entries);
    } catch (error) {
      logger.error("the state cannot be loaded:", error);
      return { success: false, error: described(error) };
    }
    return { success: true, loaded: entries.length };
  }

  /** What the hook gives: entries, or something that yields them. @param {number} since */
  async #saved(since) {
    try {
      /** @type {StateEntry[]} */
      const entries = [];
      for await (const entry of await this.#adapter.saveState(since)) entries.push(entry);
      checkSize(entries);
      return entries;
    } catch (error) {
      logger.error("the state cannot be saved:", error);
      throw new RpcError(grpc.status.FAILED_PRECONDITION, described(error));
    }
  }
}
