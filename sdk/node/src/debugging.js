/** Started by hand, under a debugger say: a launch of our own, and the line by which AgentX finds the process. */

import { randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

import { CONTRACTS } from "./version.js";

/** @typedef {import("./handshake.js").Launch} Launch */

const FORMAT = 1; // of the reattach line

/** Whether the author asked for it. */
export function isDebugged() {
  return ["1", "true", "yes"].includes(process.env.AGENTX_PLUGIN_DEBUG ?? "") || process.argv.includes("--debug");
}

/** A launch that nobody else knows: a private folder for the socket, a token, an id. @returns {Launch} */
export function ownLaunch() {
  const socketDir = fs.mkdtempSync(path.join(os.tmpdir(), "agentx-debug-")); // mode 0700
  process.on("exit", () => fs.rmSync(socketDir, { recursive: true, force: true }));
  return {
    launchId: randomUUID(),
    token: randomBytes(32).toString("hex"),
    socketDir,
    contracts: [...CONTRACTS],
    leaseSeconds: Infinity, // a breakpoint must not end it
    plugin: pluginName(),
  };
}

/** The line for `agentx plugin attach`. @param {Launch} launch @param {string} socket @param {number} contract */
export function reattachLine(launch, socket, contract) {
  const told = {
    agentx: FORMAT,
    plugin: launch.plugin,
    pid: process.pid,
    address: `unix:${socket}`,
    launch_id: launch.launchId,
    token: launch.token,
    contract,
  };
  return `${JSON.stringify(told)}\n`;
}

/** As plugin.yaml beside the program has it, else its folder's name. */
function pluginName() {
  const folder = path.dirname(fs.realpathSync(process.argv[1]));
  try {
    const { parse } = createRequire(import.meta.url)("yaml"); // only here, so only now
    return parse(fs.readFileSync(path.join(folder, "plugin.yaml"), "utf8")).metadata.name;
  } catch {
    return path.basename(folder);
  }
}
