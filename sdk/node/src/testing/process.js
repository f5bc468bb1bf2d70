/** A plugin process, started as AgentX starts it: launch line in, handshake line out. */

import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { parse } from "yaml";

import { COOKIE, COOKIE_NAME, HANDSHAKE_FD_NAME } from "../handshake.js";
import { CONTRACTS } from "../version.js";

const PASSED_ON = ["PATH", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/** The process did not come up; says why, with what it wrote to stderr. */
export class LaunchFailed extends Error {}

/**
 * @typedef {object} ProcessOptions
 * @property {Record<string, string>} [environment] More variables.
 * @property {number} [timeout] Seconds until the handshake (20).
 * @property {Record<string, unknown>} [launch] Fields of the launch line.
 */

/** One process of the plugin in a folder. `address` is its socket once it is started. */
export class Process {
  /** @type {string[]} The fields of its line. */
  handshake = [];
  /** @type {import("node:child_process").ChildProcess | null} */
  #child = null;
  /** @type {Promise<number | null>} */
  #ended = Promise.resolve(null);
  #work = fs.mkdtempSync(path.join(os.tmpdir(), "agentx-"));

  /** @param {string} folder @param {ProcessOptions} [options] */
  constructor(folder, options = {}) {
    this.folder = path.resolve(folder);
    this.options = options;
    this.manifest = manifestOf(this.folder);
    this.token = randomBytes(32).toString("hex");
    /** @type {Record<string, any>} */
    this.launch = {
      launch_id: randomUUID(),
      token: this.token,
      socket_dir: this.#work,
      contracts: CONTRACTS,
      lease_seconds: 15,
      plugin: this.manifest.metadata?.name ?? path.basename(this.folder),
      ...options.launch,
    };
  }

  /** The gRPC address. */
  get address() {
    return `${this.handshake[2]}:${this.handshake[3]}`;
  }

  /** The process's id. */
  get pid() {
    return this.#child?.pid ?? 0;
  }

  /** What it wrote to stderr so far. */
  get log() {
    return fs.readFileSync(this.#logFile, "utf8");
  }

  /** Start it, and wait for its handshake. Throws LaunchFailed. */
  async launched() {
    try {
      this.#child = this.#spawn();
      this.#ended = once(this.#child, "exit").then(([status]) => status);
      this.handshake = this.#accepted(await this.#line());
    } catch (error) {
      await this.end();
      throw error;
    }
    return this;
  }

  /** The exit status, once it has ended; null when a signal ended it. */
  wait() {
    return this.#ended;
  }

  /** Send it a signal. @param {NodeJS.Signals} name */
  signal(name) {
    this.#child?.kill(name);
  }

  /** End it at once, and tidy up. */
  async end() {
    this.signal("SIGKILL");
    await this.#ended;
    fs.rmSync(this.#work, { recursive: true, force: true });
  }

  get #logFile() {
    return path.join(this.#work, "stderr");
  }

  #spawn() {
    const stderr = fs.openSync(this.#logFile, "a");
    try {
      const [program, ...args] = argv(this.folder, this.manifest.runtime);
      return spawn(program, args, {
        cwd: this.#work,
        env: this.#environment(),
        stdio: ["pipe", "ignore", stderr, "pipe"],
        detached: true,
      });
    } finally {
      fs.closeSync(stderr);
    }
  }

  #environment() {
    const passed = PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
    return {
      ...Object.fromEntries(passed),
      HOME: this.#work,
      [COOKIE_NAME]: COOKIE,
      [HANDSHAKE_FD_NAME]: "3",
      ...this.options.environment,
    };
  }

  /** The handshake line, or what there is of it at its end or after the timeout. @returns {Promise<string>} */
  async #line() {
    const child = /** @type {import("node:child_process").ChildProcess} */ (this.#child);
    child.on("error", () => {}); // no such program: the missing handshake tells
    child.stdin?.on("error", () => {}); // it ended before it read: likewise
    child.stdin?.end(`${JSON.stringify(this.launch)}\n`);
    const pipe = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
    return firstLine(pipe, (this.options.timeout ?? 20) * 1000);
  }

  /** @param {string} line */
  #accepted(line) {
    const fields = line.split("|");
    if (fields.length >= 7 && fields[1] !== "0") return fields;
    const why = fields.length > 3 ? `refused: ${fields[3]}` : `no handshake (got "${line}")`;
    throw new LaunchFailed(`${this.folder}: ${why}\n${this.log}`);
  }
}

/**
 * @param {import("node:stream").Readable} pipe @param {number} milliseconds
 * @returns {Promise<string>}
 */
function firstLine(pipe, milliseconds) {
  return new Promise((resolve) => {
    let text = "";
    const told = () => {
      clearTimeout(timer);
      resolve(text.split("\n")[0]);
    };
    const timer = setTimeout(told, milliseconds);
    pipe.on("data", (chunk) => {
      text += chunk;
      if (text.includes("\n")) told();
    });
    for (const end of ["end", "close", "error"]) pipe.on(end, told);
  });
}

/** @param {string} folder @returns {Record<string, any>} */
function manifestOf(folder) {
  const file = path.join(folder, "plugin.yaml");
  return fs.existsSync(file) ? parse(fs.readFileSync(file, "utf8")) : {};
}

/** @param {string} folder @param {Record<string, any>} [runtime] */
function argv(folder, runtime = {}) {
  const own = runtime.executable && path.join(folder, runtime.executable);
  const program = own && fs.existsSync(own) ? own : (runtime.executable ?? process.execPath);
  const entrypoint = runtime.entrypoint ?? (runtime.executable ? "" : "main.js");
  return [program, ...(entrypoint ? [path.join(folder, entrypoint)] : []), ...(runtime.args ?? [])];
}
