/** `run`: what the last line of a plugin's main.js calls. */

import fs from "node:fs";

import { isDebugged, ownLaunch, reattachLine } from "./debugging.js";
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
 *
 * Started by hand with AGENTX_PLUGIN_DEBUG=1 or --debug it serves too, and prints the line by which
 * `agentx plugin attach` finds it.
 * @param {Adapter} adapter
 */
export function run(adapter) {
  if (handshake.startedByCore()) runLaunched(adapter);
  else if (isDebugged()) runDebugged(adapter);
  else leave(handshake.EXIT_NOT_LAUNCHED, handshake.STARTED_BY_HAND);
}

/** @param {Adapter} adapter */
function runLaunched(adapter) {
  const fd = handshake.takeHandshakeFd();
  const launch = readLaunch();
  const contract = handshake.chooseContract(launch.contracts);
  if (contract === null) {
    handshake.sendLine(fd, handshake.refuseLine(launch.contracts));
    leave(handshake.EXIT_MISMATCH);
  }
  begin(adapter, launch, contract, (path, shown) =>
    handshake.sendLine(
      fd,
      handshake.acceptLine(contract, path, adapter.framework, launch.launchId, shown),
    ),
  );
}

/** @param {Adapter} adapter */
function runDebugged(adapter) {
  const launch = ownLaunch();
  if (adapter.name) launch.plugin = adapter.name;
  const contract = Math.max(...launch.contracts);
  begin(adapter, launch, contract, (path) =>
    process.stderr.write(reattachLine(launch, path, contract)),
  );
}

/**
 * @param {Adapter} adapter @param {handshake.Launch} launch @param {number} contract
 * @param {(path: string, shown: string) => unknown} tell Where it listens, and the certificate it shows.
 */
function begin(adapter, launch, contract, tell) {
  logs.configure(adapter.name || launch.plugin);
  guard();
  serve(adapter, launch, contract, tell).then(leave, (error) => {
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
 * @param {Adapter} adapter @param {handshake.Launch} launch @param {number} contract
 * @param {(path: string, shown: string) => unknown} tell
 * @returns {Promise<number>} The exit status.
 */
async function serve(adapter, launch, contract, tell) {
  const server = new PluginServer(adapter, launch, contract);
  let status = 0;
  const orphaned = () => {
    status = EXIT_ORPHAN;
    server.drain(ORPHAN_DRAIN_SECONDS, "the lease was not renewed");
  };
  const lease = Number.isFinite(launch.leaseSeconds)
    ? new Lease(launch.leaseSeconds, orphaned, PATIENCE_SECONDS)
    : null;
  await server.start((seconds) => lease?.renew(seconds));
  for (const name of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
    process.on(name, () => onSignal(server, name));
  }
  lease?.start();
  tell(server.path, server.credentials?.shown ?? "");
  await server.ended();
  lease?.release();
  return status;
}

/**
 * Drain at the first signal; after a Shutdown, or at the second one, cancel what still runs.
 * @param {PluginServer} server @param {string} name
 */
function onSignal(server, name) {
  server.drain(server.draining ? 0 : TERM_DRAIN_SECONDS, name);
}
