/** What the process knows while it runs: its agents, its configuration, whether it takes messages. */

import { UnknownAgent } from "./errors.js";
import { Load } from "./load.js";

/** @typedef {import("./adapter.js").Adapter} Adapter */
/** @typedef {import("./turn.js").Agent} Agent */

const SECRET_NAME = /(key|token|secret|password|credential)s?$/i;
const REDACTED = "********";

/** The state shared by every call of one plugin process. */
export class Hosting {
  /** @type {Map<string, Agent>} */
  agents = new Map();
  /** @type {Record<string, any>} */
  config = {};
  load = new Load();
  initialized = false;
  draining = false;

  /** @param {Adapter} adapter @param {string} plugin @param {number} contract */
  constructor(adapter, plugin, contract) {
    this.adapter = adapter;
    this.plugin = adapter.name || plugin;
    this.contract = contract;
  }

  /** The agent of that name; throws UnknownAgent. @param {string} slug */
  agent(slug) {
    const agent = this.agents.get(slug);
    if (!agent) throw new UnknownAgent(`plugin "${this.plugin}" hosts no agent "${slug}"`);
    return agent;
  }

  /** Whether messages may come. */
  get ready() {
    return this.initialized && !this.draining;
  }
}

/**
 * A copy of a configuration in which secrets show only that they are set.
 * @param {any} value
 * @param {readonly string[]} [also]
 * @returns {any}
 */
export function redact(value, also = []) {
  if (Array.isArray(value)) return value.map((item) => redact(item, also));
  if (typeof value !== "object" || value === null) return value;
  const shown = Object.entries(value).map(([key, item]) => [
    key,
    isSecret(key, item, also) ? REDACTED : redact(item, also),
  ]);
  return Object.fromEntries(shown);
}

/** @param {string} key @param {unknown} value @param {readonly string[]} also */
function isSecret(key, value, also) {
  if (also.includes(key)) return Boolean(value);
  // A number is none: `max_tokens` is a setting that operators must see.
  return Boolean(value) && typeof value !== "number" && typeof value !== "boolean" && SECRET_NAME.test(key);
}
