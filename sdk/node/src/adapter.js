/** What an author fills in. */

import { UnknownTool } from "./errors.js";

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

/** A function that can be called from outside. `run` takes the arguments as one object. */
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
   * Take new configuration, of the plugin or of one agent, while running.
   *
   * Return true when it is in force only after a restart. Throw `ConfigError` to refuse it.
   * @param {Record<string, any>} config
   * @param {Agent | null} agent
   * @returns {any}
   */
  updateConfig(config, agent) {}

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
    return tool.run(args);
  }

  /**
   * Clean up: no message is running any more.
   * @returns {any}
   */
  shutdown() {}
}
