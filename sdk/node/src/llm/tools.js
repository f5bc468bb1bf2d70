/** The tools of an agent: built in, its author's own functions, and other agents of AgentX. */

import { randomUUID } from "node:crypto";

import { Tool } from "../adapter.js";
import { ToolCall, ToolResult } from "../content.js";
import { ConfigError, TaskFailed } from "../errors.js";
import { mistakes } from "../schema.js";
import { TOOLS } from "./builtin.js";
import { currentExchange } from "./exchange.js";
import { outcomeText } from "./messages.js";
import { replyOf } from "./remote.js";
import { orAborted } from "./waiting.js";
import { Workshop } from "./workshop.js";

/** @typedef {import("./config.js").LimitsConfig} LimitsConfig */
/** @typedef {import("./config.js").ToolConfig} ToolConfig */
/** @typedef {import("./exchange.js").Exchange} Exchange */

const MESSAGE_SCHEMA = {
  type: "object",
  properties: { message: { type: "string", description: "What to say to the agent." } },
  required: ["message"],
  additionalProperties: false,
};
const LONGEST_ERROR = 2000;

/** A tool as an agent has it: with limits, seen by who follows the task. Same in every framework. */
export class AgentTool {
  #limits;

  /** @param {Tool} tool @param {LimitsConfig} limits @param {() => unknown} [close] */
  constructor(tool, limits, close = () => {}) {
    this.tool = tool;
    this.name = tool.name;
    this.description = tool.description;
    this.inputSchema = tool.inputSchema;
    this.close = close;
    this.#limits = limits;
  }

  /**
   * What the model is told: the result, or why there is none. Never throws.
   * @param {Record<string, any>} args @param {{callId?: string, exchange?: Exchange}} [options]
   */
  async answer(args, options) {
    return outcomeText(await this.call(args, options));
  }

  /**
   * Call it and show that: a `ToolCall`, and its `ToolResult` with a result or an error.
   * @param {Record<string, any>} args @param {{callId?: string, exchange?: Exchange}} [options]
   */
  async call(args, { callId = "", exchange = currentExchange.getStore() } = {}) {
    const call = new ToolCall(callId || `call_${randomUUID().replaceAll("-", "").slice(0, 12)}`, this.name, args);
    exchange?.emit(call);
    const result = await this.#outcome(call, exchange);
    exchange?.emit(result);
    return result;
  }

  /** @param {ToolCall} call @param {Exchange | undefined} exchange */
  async #outcome(call, exchange) {
    const controller = new AbortController();
    const seconds = this.#limits.tool_seconds;
    const late = () => controller.abort(new TaskFailed(`it did not return within ${seconds} s`));
    const stop = () => controller.abort(exchange?.signal.reason);
    const timer = setTimeout(late, seconds * 1000);
    exchange?.signal.addEventListener("abort", stop, { once: true });
    try {
      const value = await orAborted(this.#run(call, exchange, controller.signal), controller.signal);
      return new ToolResult(call.id, call.name, { result: bounded(value ?? null, this.#limits.tool_result_bytes) });
    } catch (error) {
      return new ToolResult(call.id, call.name, { error: told(error).slice(0, LONGEST_ERROR) });
    } finally {
      clearTimeout(timer);
      exchange?.signal.removeEventListener("abort", stop);
    }
  }

  /** @param {ToolCall} call @param {Exchange | undefined} exchange @param {AbortSignal} signal */
  async #run(call, exchange, signal) {
    const args = structuredClone(call.arguments ?? {}); // what is shown is what the model said, without defaults
    const wrong = Object.entries(await mistakes(this.inputSchema, args));
    if (wrong.length) throw new TaskFailed(wrong.map(([field, words]) => `${field} ${words}`.trim()).join("; "));
    const run = /** @type {(args: any, about: {signal: AbortSignal}) => any} */ (this.tool.run);
    return exchange ? currentExchange.run(exchange, () => run(args, { signal })) : run(args, { signal });
  }
}

/**
 * The tools that a configuration names. Throws ConfigError, by dotted path.
 * @param {readonly (string | ToolConfig)[]} told @param {LimitsConfig} limits
 * @param {readonly string[]} [folders] @param {string} [path]
 */
export async function toolsOf(told, limits, folders = [], path = "tools") {
  /** @type {Map<string, AgentTool>} */
  const found = new Map();
  try {
    for (const [place, each] of told.entries()) {
      const tool = await agentTool(each, limits, folders, `${path}.${place}`);
      if (found.has(tool.name)) throw twice(tool.name, `${path}.${place}`);
      found.set(tool.name, tool);
    }
  } catch (error) {
    found.forEach((tool) => tool.close());
    throw error;
  }
  return [...found.values()];
}

/** @param {string} name @param {string} path */
function twice(name, path) {
  const why = `there are two tools named "${name}": give one another name`;
  return new ConfigError(why, { [path]: why });
}

/** @param {string | ToolConfig} told @param {LimitsConfig} limits @param {readonly string[]} folders @param {string} path */
async function agentTool(told, limits, folders, path) {
  if (typeof told === "string") return new AgentTool(builtIn(told, path), limits);
  if (Boolean(told.agent) === Boolean(told.code)) {
    throw new ConfigError("a tool is an agent or code", { [path]: "needs one of agent and code" });
  }
  if (told.agent) return new AgentTool(named(asker(told.agent), told), limits);
  const workshop = new Workshop(told.code ?? "", folders);
  const { name, ...about } = await workshop.about(`${path}.code`);
  const run = (/** @type {any} */ args, /** @type {any} */ { signal } = {}) =>
    workshop.call(args, signal ?? new AbortController().signal);
  return new AgentTool(named(new Tool(name, run, about), told), limits, () => workshop.close());
}

/** With the name and the words that the configuration has for it. @param {Tool} tool @param {ToolConfig} told */
function named(tool, told) {
  const { inputSchema, outputSchema } = tool;
  const description = told.description || tool.description;
  return new Tool(told.name || tool.name, tool.run, { description, inputSchema, outputSchema });
}

/** @param {string} name @param {string} path */
function builtIn(name, path) {
  if (Object.hasOwn(TOOLS, name)) return TOOLS[name];
  const known = Object.keys(TOOLS).sort().join(", ");
  throw new ConfigError(`there is no tool "${name}": ${known}`, { [path]: `must be one of ${known}` });
}

/** Another agent: it is asked by A2A through AgentX, in the caller's name. @param {string} agent */
function asker(agent) {
  const ask = async (/** @type {{message: string}} */ { message }, /** @type {any} */ { signal } = {}) => {
    const exchange = currentExchange.getStore();
    if (!exchange) throw new TaskFailed("an agent is asked only while a message is answered");
    const taskId = exchange.asked[agent] ?? "";
    delete exchange.asked[agent];
    const reply = await exchange.remote.ask(exchange.turn, agent, message, { taskId, signal });
    if (reply.waits) exchange.asked[agent] = reply.taskId;
    return replyOf(reply);
  };
  const description = `Ask the agent ${agent}; it answers in words.`;
  return new Tool(`ask_${agent}`.replace(/[^A-Za-z0-9_]/g, "_"), ask, { description, inputSchema: MESSAGE_SCHEMA });
}

/** @param {unknown} error */
function told(error) {
  if (error instanceof TaskFailed) return error.reason;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The value; its beginning, and a word that it is no more, where it is too large. @param {any} value @param {number} most */
function bounded(value, most) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return typeof value === "string" ? value : JSON.parse(text);
  const cut = new TextDecoder().decode(bytes.subarray(0, most), { stream: true }); // no half character
  return `${cut} … (cut at ${most} bytes)`;
}
