/** An adapter around a framework: agents from configuration, one turn at a time per conversation. */

import { Adapter } from "../adapter.js";
import { Status } from "../content.js";
import { ConfigError, TaskFailed } from "../errors.js";
import { Agent } from "../turn.js";
import { agentSchema, pluginSchema } from "./config.js";
import { Exchange } from "./exchange.js";
import { listed, resolved } from "./models.js";
import { loaded, made } from "./own_code.js";
import { Remote } from "./remote.js";
import { toolsOf } from "./tools.js";
import { Gate, Order } from "./waiting.js";

/** @typedef {import("../turn.js").Turn} Turn */
/** @typedef {import("./config.js").AgentConfig} AgentConfig */
/** @typedef {import("./config.js").ModelConfig} ModelConfig */
/** @typedef {import("./config.js").ToolConfig} ToolConfig */
/** @typedef {import("./models.js").WholeModel} WholeModel */
/** @typedef {import("./tools.js").AgentTool} AgentTool */
/** @typedef {{native: any, tools: AgentTool[], spec: AgentConfig, turns: number, replaced: boolean}} Made An agent as its framework has it, while it is in use. */

const GOING_ON = ["working", "submitted"];

/**
 * Write `build` and `converse`; `connect` makes one client for each model.
 *
 * What a turn yields is what `Adapter.process` may yield, and `ToolCall`, `ToolResult`, `Usage`. Tools are shown by
 * themselves when they are called. Words and tools of the turn are kept in the conversation's memory, unless the
 * framework keeps its own there (`keepsOwnMemory`).
 */
export class LLMAdapter extends Adapter {
  configSchema = pluginSchema();
  agentConfigSchema = agentSchema();
  keepsOwnMemory = false;
  remote = new Remote();
  /** @type {Map<string, Made>} */
  #made = new Map();
  /** @type {Map<string, any>} */
  #clients = new Map();
  #order = new Order();
  #gate = new Gate();

  // ---- What a plugin writes

  /**
   * A client of the model in the framework's form; made once and shared by all turns. May be async.
   * @param {WholeModel} model @returns {any}
   */
  connect(model) {
    throw new Error(`${this.constructor.name} must define connect(model)`);
  }

  /**
   * The agent in the framework's form, shared by all its turns. Throws ConfigError. May be async.
   * @param {Agent} agent @param {AgentTool[]} tools @returns {any}
   */
  build(agent, tools) {
    throw new Error(`${this.constructor.name} must define build(agent, tools)`);
  }

  /**
   * One turn, by what `build` returned: an async generator. It hands `exchange.signal` to the framework.
   * @param {any} native @param {Exchange} exchange @returns {AsyncGenerator<any>}
   */
  converse(native, exchange) {
    throw new Error(`${this.constructor.name} must define converse(native, exchange)`);
  }

  /** Let go of what `build` returned: no turn uses it any more. @param {any} native @returns {any} */
  release(native) {}

  /** Let go of what `connect` returned. @param {any} client @returns {any} */
  disconnect(client) {}

  // ---- What it may use

  /** The whole model of an agent or a member. Throws ConfigError. @param {string | ModelConfig} [told] @param {string} [path] */
  model(told = "", path = "model") {
    return resolved(told, this.config, path);
  }

  /** The one client of a model. @param {WholeModel} model */
  async client(model) {
    const key = JSON.stringify(Object.entries(model).sort(([one], [other]) => (one < other ? -1 : 1)));
    if (!this.#clients.has(key)) this.#clients.set(key, await this.connect(model));
    return this.#clients.get(key);
  }

  /**
   * The tools that a member of a team names, within the agent's limits. Throws ConfigError.
   * @param {readonly (string | ToolConfig)[]} told @param {AgentConfig} spec @param {string} [path]
   */
  toolbox(told, spec, path = "tools") {
    return toolsOf(told, spec.limits, this.folders, path);
  }

  /**
   * The author's own object that `told` names; a function is called with `offered`. Throws ConfigError when it
   * cannot be imported or made. In a box, for some objects have a `then` of their own.
   * @param {string} told @param {Record<string, unknown>} [offered] @param {string} [path]
   */
  async own(told, offered = {}, path = "code") {
    const found = await loaded(told, this.folders, path);
    try {
      return await made(found, offered);
    } catch (error) {
      const why = `${told} failed: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`.slice(0, 500);
      throw new ConfigError(why, { [path]: why });
    }
  }

  /** Where own code is looked for besides the plugin's own folder. @returns {string[]} */
  get folders() {
    return this.config.code_folders ?? [];
  }

  // ---- Hooks of the contract

  /** @param {Agent} agent @override */
  async createAgent(agent) {
    const spec = /** @type {AgentConfig} */ (agent.config);
    const tools = await this.toolbox(spec.tools, spec);
    let native;
    try {
      native = await this.build(agent, tools);
    } catch (error) {
      tools.forEach((tool) => tool.close());
      throw error;
    }
    const before = this.#made.get(agent.id);
    this.#made.set(agent.id, { native, tools, spec, turns: 0, replaced: false });
    if (before) await this.#retire(before);
  }

  /** @param {Agent} agent @override */
  async deleteAgent(agent) {
    const made = this.#made.get(agent.id);
    this.#made.delete(agent.id);
    if (made) await this.#retire(made);
  }

  /**
   * An agent is built again, and its conversations go on; a plugin's models are everybody's: restart.
   * @param {Record<string, any>} config @param {Agent | null} agent @override
   * @returns {Promise<any>}
   */
  async updateConfig(config, agent) {
    if (!agent) return true;
    await this.createAgent(new Agent({ ...agent, config }));
    return false;
  }

  /** @param {Turn} turn @override */
  async *process(turn) {
    // One at a time of a conversation: frameworks lose or mix what comes at once.
    const leave = await this.#order.enter(`${turn.agent.id}/${turn.contextId}`, turn.signal);
    try {
      await this.#gate.pass();
      yield* this.#answered(turn);
    } finally {
      leave();
    }
  }

  /** @param {Turn} turn */
  async *#answered(turn) {
    const made = this.#made.get(turn.agent.id);
    if (!made) throw new ConfigError(`the agent ${turn.agent.id} was not built`);
    made.turns += 1;
    try {
      const exchange = new Exchange(turn, made.spec, this.remote);
      for await (const item of exchange.run(this.converse(made.native, exchange))) {
        if (ends(item)) this.#remember(exchange);
        yield item;
      }
      this.#remember(exchange);
    } finally {
      made.turns -= 1;
      if (made.replaced && !made.turns) await this.#released(made);
    }
  }

  /** @param {Exchange} exchange */
  #remember(exchange) {
    if (!this.keepsOwnMemory) exchange.remember();
  }

  /** @param {Agent | null} agent @override @returns {any} */
  models(agent) {
    return listed(this.config);
  }

  /** @param {Agent | null} agent @override @returns {any} */
  tools(agent) {
    return (agent ? this.#made.get(agent.id)?.tools : undefined)?.map((each) => each.tool) ?? [];
  }

  /** @param {string} name @param {Record<string, any>} args @param {Agent | null} agent @override */
  async executeTool(name, args, agent) {
    const tool = (agent ? this.#made.get(agent.id)?.tools : undefined)?.find((each) => each.name === name);
    if (!tool) return super.executeTool(name, args, agent);
    const { result, error } = await tool.call(args);
    if (error) throw new TaskFailed(error, "tool_error");
    return result;
  }

  /** @override @internal */
  takesConfigLive() {
    return false;
  }

  /** @override */
  async shutdown() {
    for (const made of this.#made.values()) await this.#released(made);
    for (const client of this.#clients.values()) await this.disconnect(client);
    await this.remote.close();
  }

  /** Turns that run keep what they began with. @param {Made} made */
  async #retire(made) {
    made.replaced = true;
    if (!made.turns) await this.#released(made);
  }

  /** @param {Made} made */
  async #released(made) {
    made.tools.forEach((tool) => tool.close());
    await this.release(made.native);
  }
}

/** @param {unknown} item */
function ends(item) {
  return item instanceof Status && !GOING_ON.includes(item.state);
}
