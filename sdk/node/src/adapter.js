/** What an author fills in. */

import { ConfigError, TaskFailed, UnknownTool } from "./errors.js";
import { mistakes, secretNames } from "./schema.js";
import { State } from "./state.js";

/** @typedef {import("./turn.js").Agent} Agent */
/** @typedef {import("./turn.js").Turn} Turn */
/** @typedef {import("./content.js").JsonObject} JsonObject */

/** A model that agents of this plugin can use. */
export class Model {
  /** @param {string} id @param {{name?: string, provider?: string, metadata?: JsonObject}} [options] */
  constructor(id, { name = "", provider = "", metadata = {} } = {}) {
    this.id = id;
    this.name = name;
    this.provider = provider;
    this.metadata = metadata;
  }
}

/**
 * A function that can be called from outside. `run` takes the arguments as one object, which fits
 * `inputSchema` (JSON Schema), its defaults filled in.
 */
export class Tool {
  /**
   * @param {string} name
   * @param {(args: any) => any} run
   * @param {{description?: string, inputSchema?: JsonObject, outputSchema?: JsonObject}} [options]
   */
  constructor(name, run, { description = "", inputSchema = { type: "object" }, outputSchema = {} } = {}) {
    this.name = name;
    this.run = run;
    this.description = description;
    this.inputSchema = inputSchema;
    this.outputSchema = outputSchema;
  }
}

/**
 * A tool, told first and done last.
 * @param {{name: string, description?: string, inputSchema?: JsonObject, outputSchema?: JsonObject}} about
 * @param {(args: any) => any} run
 */
export function tool({ name, ...about }, run) {
  return new Tool(name, run, about);
}

/**
 * A plugin. Only `process` must be written.
 *
 * Every hook may be async or plain. They are called in this order: `initialize`, `createAgent` for
 * each agent, then any, `shutdown` last. Nothing may block: the process has one event loop.
 */
export class Adapter {
  /** The plugin's slug when empty. */
  name = "";
  version = "0.1.0";
  framework = "custom";
  /** @type {readonly string[]} */
  capabilities = [];
  /** @type {readonly string[] | null} Media types; null: what the manifest says, else text/plain. */
  inputModes = null;
  /** @type {readonly string[] | null} Media types; null: what the manifest says, else text/plain. */
  outputModes = null;
  /** @type {readonly JsonObject[]} As an A2A card lists them. */
  skills = [];
  /** @type {readonly string[]} Configuration keys never shown, besides the obvious ones. */
  secretFields = [];
  /**
   * JSON Schema that the plugin's configuration must fit; its defaults are filled in, and what is
   * `writeOnly` in it is never shown.
   * @type {JsonObject | null}
   */
  configSchema = null;
  /**
   * JSON Schema that the configuration of an agent must fit; its defaults are filled in.
   * @type {JsonObject | null}
   */
  agentConfigSchema = null;
  /**
   * The plugin's configuration that is in force.
   * @type {Record<string, any>}
   */
  config = {};

  /**
   * What a process that takes this one's place gets to know: `this.state.set("key", value)`.
   *
   * JSON values, at most a MiB each and 64 MiB together. Not a store: it ends with the process.
   * @returns {State}
   */
  get state() {
    const value = new State();
    Object.defineProperty(this, "state", { value, writable: true, configurable: true });
    return value;
  }

  /**
   * Answer one message.
   *
   * Return a string, an object (a data part), `Reply`, `Artifact`, `Message`, `InputRequired`; or be
   * a generator and yield strings (pieces of the reply), `Artifact`, `Status`, `InputRequired`.
   * Throw `TaskFailed` or `TaskRejected` to end the task otherwise.
   * @param {Turn} turn
   * @returns {any}
   */
  process(turn) {
    throw new Error(`${this.constructor.name} must define process(turn)`);
  }

  /**
   * Get ready: `config` is the plugin's configuration. Throw `ConfigError` to refuse it.
   * @param {Record<string, any>} config
   * @returns {any}
   */
  initialize(config) {}

  /**
   * Take in an agent, or its new configuration. Throw `ConfigError` to refuse it.
   * @param {Agent} agent
   * @returns {any}
   */
  createAgent(agent) {}

  /**
   * What the agent's A2A card says beyond its manifest, such as `capabilities` or `provider`.
   *
   * Asked once a process is ready; new configuration that changes it is a new version of the card.
   * @param {Agent} agent
   * @returns {any}
   */
  card(agent) {
    return {};
  }

  /**
   * Let an agent go.
   * @param {Agent} agent
   * @returns {any}
   */
  deleteAgent(agent) {}

  /**
   * Look at a configuration, of the plugin or of one agent, and change nothing.
   *
   * Throw `ConfigError` to refuse it. Asked before an operator's change is taken, and before
   * `initialize`, `createAgent` and `updateConfig`.
   * @param {Record<string, any>} config
   * @param {Agent | null} agent
   * @returns {any}
   */
  validateConfig(config, agent) {}

  /**
   * Take new configuration, of the plugin or of one agent, while running.
   *
   * Return true when it is in force only after a restart. Throw `ConfigError` to refuse it. Unless
   * you write it: an agent is given to `createAgent` again, and a plugin that made something of its
   * configuration in `initialize` asks for a restart.
   * @param {Record<string, any>} config
   * @param {Agent | null} agent
   * @returns {any}
   */
  updateConfig(config, agent) {
    return agent === null && this.writes("initialize");
  }

  /**
   * What must not be forgotten: `StateEntry`s with a version above `changedSince`.
   *
   * Asked while messages still run (0: everything), and again when they are done.
   * @param {number} changedSince
   * @returns {any}
   */
  saveState(changedSince) {
    return hasState(this) ? this.state.changes(changedSince) : [];
  }

  /**
   * Take what another process saved, over what is here. Asked up to twice.
   * @param {import("./state.js").StateEntry[]} entries
   * @returns {any}
   */
  loadState(entries) {
    if (entries.length && Object.hasOwn(this, "state") && !hasState(this)) {
      throw new TypeError("this.state is the adapter's own: write saveState and loadState");
    }
    this.state.load(entries);
  }

  /**
   * Return nothing when well, else one sentence that says what is wrong.
   * @returns {any}
   */
  health() {}

  /**
   * The models that can be used: an array of `Model` or of ids.
   * @param {Agent | null} agent
   * @returns {any}
   */
  models(agent) {
    return [];
  }

  /**
   * The tools that can be called from outside: an array of `Tool`.
   * @param {Agent | null} agent
   * @returns {any}
   */
  tools(agent) {
    return [];
  }

  /**
   * Run a tool; the result is any JSON value.
   * @param {string} name
   * @param {Record<string, any>} args
   * @param {Agent | null} agent
   * @returns {Promise<any>}
   */
  async executeTool(name, args, agent) {
    const tool = (await this.tools(agent)).find((/** @type {Tool} */ each) => each.name === name);
    if (!tool) throw new UnknownTool(`no tool "${name}"`);
    const wrong = Object.entries(await mistakes(tool.inputSchema, args));
    if (wrong.length) {
      const told = wrong.map(([field, words]) => `${field} ${words}`.trim()).join("; ");
      throw new TaskFailed(told, "invalid_arguments");
    }
    return tool.run(args);
  }

  /**
   * Clean up: no message is running any more.
   * @returns {any}
   */
  shutdown() {}

  /** Whether `updateConfig` can take the plugin's configuration without a restart. @internal */
  takesConfigLive() {
    return this.writes("updateConfig") || !this.writes("initialize");
  }

  /** Whether there is, or may be, something to save. @internal */
  keepsState() {
    return hasState(this) || this.writes("saveState", "loadState");
  }

  /** Configuration keys never shown: the author's, and those that a schema calls secret. @internal */
  allSecretFields() {
    return [...this.secretFields, ...secretNames([this.configSchema, this.agentConfigSchema])];
  }

  /** Whether the author wrote one of these hooks. @param {...string} hooks @internal */
  writes(...hooks) {
    const [own, base] = [/** @type {any} */ (this), /** @type {any} */ (Adapter.prototype)];
    return hooks.some((hook) => own[hook] !== base[hook]);
  }

  /**
   * A configuration against its schema, then before the author. Throws ConfigError.
   * @param {Record<string, any>} config @param {Agent | null} agent @internal
   */
  async checkConfig(config, agent) {
    const schema = agent ? this.agentConfigSchema : this.configSchema;
    const wrong = schema ? await mistakes(schema, config) : {};
    const fields = Object.entries(wrong);
    if (fields.length) {
      const told = fields.map(([field, words]) => `${field} ${words}`.trim()).join("; ");
      throw new ConfigError(told, wrong);
    }
    await this.validateConfig(config, agent);
  }
}

/** Whether `state` was used: asking for it makes it. @param {Adapter} adapter */
function hasState(adapter) {
  return Object.hasOwn(adapter, "state") && adapter.state instanceof State;
}
