/** JSON lines on stderr: the supervisor keeps them with their level and ids. */

import { format } from "node:util";

import { currentTurn } from "./turn.js";

const LEVELS = ["debug", "info", "warning", "error", "critical"];
const MAX_LINE = 16 * 1024 - 1; // bytes, which is what the supervisor keeps of a line
const MAX_WORDS = 8192; // characters of a message and of a stack, at first
let plugin = "";
let threshold = 1;

/** Writes lines of one name. Values are filled in as `console.log` does it; an Error brings its stack. */
export class Logger {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** @param {...unknown} values */
  debug(...values) {
    write("debug", this.name, values);
  }

  /** @param {...unknown} values */
  info(...values) {
    write("info", this.name, values);
  }

  /** @param {...unknown} values */
  warning(...values) {
    write("warning", this.name, values);
  }

  /** @param {...unknown} values */
  error(...values) {
    write("error", this.name, values);
  }
}

/**
 * A line of JSON: ts, level, logger, message, plugin, the turn's ids, exception.
 * @param {string} level @param {string} logger @param {unknown[]} values
 */
export function line(level, logger, values) {
  const turn = currentTurn.getStore();
  const stacks = values.flatMap((value) => (value instanceof Error ? [value.stack] : []));
  const about = { ts: new Date().toISOString(), level, logger };
  const more = { plugin, ...(turn ? ids(turn) : {}) };
  const message = format(...values.map((each) => (each instanceof Error ? String(each) : each)));
  for (let most = MAX_WORDS; ; most /= 2) {
    const exception = stacks.length ? { exception: cut(stacks.join("\n"), most) } : {};
    const text = JSON.stringify({ ...about, message: cut(message, most), ...more, ...exception });
    if (Buffer.byteLength(text) <= MAX_LINE || most <= 1) return text;
  }
}

/** @param {string} text @param {number} most Characters. */
function cut(text, most) {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}

/** @param {import("./turn.js").Turn} turn */
function ids(turn) {
  const all = {
    agent: turn.agent.id,
    task_id: turn.taskId,
    context_id: turn.contextId,
    request_id: turn.requestId,
    trace_id: turn.traceparent.slice(3, 35),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

/** @param {string} level @param {string} logger @param {unknown[]} values */
function write(level, logger, values) {
  if (LEVELS.indexOf(level) >= threshold) process.stderr.write(`${line(level, logger, values)}\n`);
}

/** A burst of lines passes, then a few a second: a flood of failures must not fill the disk. */
export class Sparing {
  #burst;
  #perSecond;
  #clock;
  #left;
  #since;
  #keptBack = 0;

  /** @param {number} [burst] @param {number} [perSecond] @param {() => number} [clock] Milliseconds. */
  constructor(burst = 20, perSecond = 1, clock = () => performance.now()) {
    this.#burst = this.#left = burst;
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#since = clock();
  }

  /** null: keep this line back. Else how many were kept back since the last one that passed. */
  admit() {
    const now = this.#clock();
    const gained = ((now - this.#since) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + gained);
    this.#since = now;
    if (this.#left < 1) {
      this.#keptBack += 1;
      return null;
    }
    this.#left -= 1;
    const keptBack = this.#keptBack;
    this.#keptBack = 0;
    return keptBack;
  }
}

/**
 * Send the console and every logger to stderr, at the level that LOG_LEVEL names (info).
 * @param {string} name The plugin.
 */
export function configure(name) {
  plugin = name;
  const asked = LEVELS.indexOf((process.env.LOG_LEVEL ?? "info").toLowerCase());
  threshold = asked < 0 ? 1 : asked;
  // A supervisor that dies takes the other end with it, and the plugin is to outlive that.
  process.stderr.on("error", () => {});
  const levels = { debug: "debug", log: "info", info: "info", warn: "warning", error: "error" };
  for (const [method, level] of Object.entries(levels)) {
    /** @type {any} */ (console)[method] = (/** @type {unknown[]} */ ...values) =>
      write(level, "console", values);
  }
}
