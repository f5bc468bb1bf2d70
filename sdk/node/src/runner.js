/** `run`: what the last line of a plugin's main.js calls. */

import fs from "node:fs";

import * as handshake from "./handshake.js";
import { Lease } from "./lease.js";
import * as logs from "./logs.js";
import { PluginServer } from "./server.js";

/** @typedef {import("./adapter.js").Adapter} Adapter */

const logger = new logs.Logger("agentx_sdk.runner");
const TERM_DRAIN_SECONDS = 5;
const ORPHAN_DRAIN_SECONDS = 2;
const PATIENCE_SECONDS = ORPHAN_DRAIN_SECONDS + 3;
const EXIT_CRASHED = 1;
const EXIT_ORPHAN = 4;

/**
 * Serve the adapter until AgentX ends the process.
 * @param {Adapter} adapter
 */
export function run(adapter) {
  if (!handshake.startedByCore()) {
    leave(handshake.EXIT_NOT_LAUNCHED, handshake.STARTED_BY_HAND);
  }
  const fd = handshake.takeHandshakeFd();
  const launch = readLaunch();
  logs.configure(adapter.name || launch.plugin);
  const contract = handshake.chooseContract(launch.contracts);
  if (contract === null) {
    handshake.sendLine(fd, handshake.refuseLine(launch.contracts));
    leave(handshake.EXIT_MISMATCH);
  }
  guard();
  serve(adapter, launch, contract, fd).then(leave, (error) => {
    logger.error("the plugin cannot serve:", error);
    leave(EXIT_CRASHED);
  });
}

/** @param {number} status @param {string} [words] @returns {never} */
function leave(status, words = "") {
  if (words) fs.writeSync(2, words);
  process.exit(status);
}

function readLaunch() {
  try {
    const launch = handshake.readLaunch(0);
    fs.closeSync(0);
    fs.openSync("/dev/null", "r"); // takes the lowest number: what reads stdin reads its end
    return launch;
  } catch (error) {
    leave(handshake.EXIT_NOT_LAUNCHED, `${/** @type {Error} */ (error).message}\n`);
  }
}

/** One promise that nobody looked at is no reason to drop everybody's messages; a throw out of nowhere is. */
function guard() {
  process.on("unhandledRejection", (error) => logger.error("a promise failed unseen:", error));
  process.on("uncaughtException", (error) => {
    logger.error("the process cannot go on:", error);
    leave(EXIT_CRASHED);
  });
}

/**
 * @param {Adapter} adapter @param {handshake.Launch} launch @param {number} contract @param {number} fd
 * @returns {Promise<number>} The exit status.
 */
async function serve(adapter, launch, contract, fd) {
  const server = new PluginServer(adapter, launch, contract);
  let status = 0;
  const orphaned = () => {
    status = EXIT_ORPHAN;
    server.drain(ORPHAN_DRAIN_SECONDS, "the lease was not renewed");
  };
  const lease = new Lease(launch.leaseSeconds, orphaned, PATIENCE_SECONDS);
  await server.start((seconds) => lease.renew(seconds));
  for (const name of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
    process.on(name, () => onSignal(server, name));
  }
  lease.start();
  const line = handshake.acceptLine(contract, server.path, adapter.framework, launch.launchId);
  handshake.sendLine(fd, line);
  await server.ended();
  lease.release();
  return status;
}

/**
 * Drain at the first signal; after a Shutdown, or at the second one, cancel what still runs.
 * @param {PluginServer} server @param {string} name
 */
function onSignal(server, name) {
  server.drain(server.draining ? 0 : TERM_DRAIN_SECONDS, name);
}
