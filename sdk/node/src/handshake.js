/** How a plugin process and the core find each other: a launch line in, a handshake line out. */

import fs from "node:fs";

import { tlsOf } from "./tls.js";
import { CONTRACTS, SDK } from "./version.js";

export const COOKIE_NAME = "AGENTX_PLUGIN_COOKIE";
export const COOKIE = "agentx-plugin-v1";
export const HANDSHAKE_FD_NAME = "AGENTX_HANDSHAKE_FD";
export const EXIT_NOT_LAUNCHED = 2;
export const EXIT_MISMATCH = 3;
const CORE = "AGENTX1";
const MAX_LINE = 65536;
const STDOUT = 1;

export const STARTED_BY_HAND = `\
This is an AgentX plugin. It does nothing by itself: AgentX starts it and speaks gRPC with it.

  to try it             agentx plugin dev <this folder>
  to test it            agentx plugin test <this folder>
  to run it for good    agentx plugin install <this folder>
`;

/** The process was not started the way AgentX starts plugins. */
export class LaunchError extends Error {}

/**
 * What the core says when it starts a plugin process.
 * @typedef {{launchId: string, token: string, socketDir: string, contracts: number[],
 *   leaseSeconds: number, plugin: string, tls?: import("./tls.js").Tls | null}} Launch
 */

/** Whether the magic cookie is there. */
export function startedByCore() {
  return process.env[COOKIE_NAME] === COOKIE;
}

/** The launch line from a descriptor; throws LaunchError. @param {number} fd @returns {Launch} */
export function readLaunch(fd) {
  try {
    return launchOf(JSON.parse(readLine(fd)));
  } catch (error) {
    throw new LaunchError(`no usable launch line on stdin: ${error}`);
  }
}

/** @param {any} value @returns {Launch} */
function launchOf(value) {
  const contracts = value.contracts;
  if (!Array.isArray(contracts) || !contracts.every(Number.isInteger)) {
    throw new TypeError("contracts is no list of numbers");
  }
  return {
    launchId: text(value, "launch_id"),
    token: text(value, "token"),
    socketDir: text(value, "socket_dir"),
    contracts,
    leaseSeconds: Number(value.lease_seconds ?? 15),
    plugin: String(value.plugin ?? ""),
    tls: tlsOf(value.tls),
  };
}

/** @param {any} value @param {string} name */
function text(value, name) {
  if (typeof value[name] !== "string" || !value[name]) throw new TypeError(`${name} is missing`);
  return value[name];
}

/** @param {number} fd */
function readLine(fd) {
  const bytes = Buffer.alloc(MAX_LINE);
  let length = 0;
  while (length < MAX_LINE && bytes[length - 1] !== 10) {
    const more = fs.readSync(fd, bytes, length, 1, null);
    if (!more) break;
    length += more;
  }
  return bytes.toString("utf8", 0, length);
}

/**
 * The newest contract both sides speak, or null.
 * @param {readonly number[]} theirs @param {readonly number[]} [ours]
 */
export function chooseContract(theirs, ours = CONTRACTS) {
  const both = theirs.filter((each) => ours.includes(each));
  return both.length ? Math.max(...both) : null;
}

/**
 * The descriptor for the handshake line: the one the core names (3), else stdout.
 *
 * From here on what is written to stdout goes to stderr, so that a banner breaks nothing.
 */
export function takeHandshakeFd() {
  process.stdout.write = /** @type {any} */ (process.stderr.write.bind(process.stderr));
  const fd = Number(process.env[HANDSHAKE_FD_NAME] ?? 3);
  return isHandedOver(fd) ? fd : STDOUT;
}

/** Node takes free numbers for descriptors of its own, and none of those can be written a line to. @param {number} fd */
function isHandedOver(fd) {
  try {
    const found = fs.fstatSync(fd);
    return found.isFIFO() || found.isSocket() || found.isFile();
  } catch {
    return false;
  }
}

/**
 * The line that says where the plugin listens, and on TCP which certificate it shows there.
 * @param {number} contract @param {string} path @param {string} framework @param {string} launchId
 * @param {string} [shown] DER in base64; empty: a unix socket.
 */
export function acceptLine(contract, path, framework, launchId, shown = "") {
  const about = { pid: process.pid, sdk: SDK, framework, launch_id: launchId };
  const network = shown ? "tcp" : "unix";
  return `${CORE}|${contract}|${network}|${path}|grpc|${shown}|${JSON.stringify(about)}\n`;
}

/**
 * The line that says which side must be upgraded.
 * @param {readonly number[]} theirs @param {readonly number[]} [ours]
 */
export function refuseLine(theirs, ours = CONTRACTS) {
  const newer = Math.max(...ours) > Math.max(0, ...theirs);
  const side = newer ? "AgentX" : "the plugin's agentx-sdk";
  const told =
    `upgrade ${side}: AgentX speaks contract ${listed(theirs)}, this plugin (${SDK}) ${listed(ours)}`;
  return `${CORE}|0|error|${told}|||{}\n`;
}

/** Write the line and close the descriptor: the core reads to its end. @param {number} fd @param {string} line */
export function sendLine(fd, line) {
  fs.writeSync(fd, line);
  if (fd !== STDOUT) fs.closeSync(fd);
}

/** @param {readonly number[]} versions */
function listed(versions) {
  return [...versions].sort((a, b) => a - b).join(", ") || "none";
}
