/** An agent of Mastra, from a configuration, and one turn of it. */

import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";

import { Part, TaskFailed, ToolCall, ToolResult } from "@agentx/sdk";
import { failures, priced } from "@agentx/sdk/llm";

import { settingsOf } from "./clients.js";
import { toNative } from "./convert.js";

const SUB_AGENT = "agent-"; // how Mastra names the tool that asks a sub-agent

/** What a tool of the kit is in Mastra. @param {import("@agentx/sdk/llm").AgentTool} tool */
export function nativeTool(tool) {
  const { name, description, inputSchema } = tool;
  const execute = (args, context) => tool.answer(args ?? {}, { callId: context?.agent?.toolCallId });
  return createTool({ id: name, description: description || name, inputSchema, execute });
}

/** @param {import("@agentx/sdk/llm").AgentTool[]} tools */
export function nativeTools(tools) {
  return Object.fromEntries(tools.map((tool) => [tool.name, nativeTool(tool)]));
}

/**
 * An agent of Mastra around a client.
 * @param {{name: string, instructions: string, description?: string}} told @param {object} client
 * @param {import("@agentx/sdk/llm").AgentTool[]} tools @param {Record<string, Agent>} [agents] Whom it may ask.
 */
export function nativeAgent({ name, instructions, description = "" }, client, tools, agents = {}) {
  const asks = Object.keys(agents).length ? { agents } : {};
  return new Agent({ id: name, name, description, instructions, model: client, tools: nativeTools(tools), maxRetries: 0, ...asks });
}

/** An agent with all that a turn needs to know: which tools show themselves, what its models cost. */
export class Talker {
  /**
   * @param {Agent} agent @param {{name: string}} model Its own; all others that it may use are in `models`.
   * @param {{tools?: import("@agentx/sdk/llm").AgentTool[], models?: object[], output?: Record<string, any>}} [more]
   */
  constructor(agent, model, { tools = [], models = [], output = {} } = {}) {
    this.agent = agent;
    this.model = model;
    this.output = output;
    this.shown = new Set(tools.map((tool) => tool.name));
    this.models = new Map([model, ...models].map((each) => [each.name, each]));
  }

  /**
   * One turn: yields pieces of the answer, or at last one part of data.
   * @param {import("@agentx/sdk/llm").ChatMessage[]} told @param {import("@agentx/sdk/llm").Exchange} exchange
   */
  async *answer(told, exchange) {
    const stream = await this.agent.stream(await this.#said(told, exchange), await this.#options(exchange));
    let data;
    for await (const chunk of stream.fullStream) {
      if (chunk.type === "error") throw failed(chunk.payload.error);
      if (chunk.type === "tripwire") throw new TaskFailed(chunk.payload?.reason ?? "the agent refused to go on", "model_refused");
      if (chunk.type === "object-result") data = chunk.object;
      if (chunk.type === "text-delta" && !this.#isShaped) yield chunk.payload.text;
      this.#follow(chunk, exchange);
    }
    exchange.signal.throwIfAborted();
    if (!this.#isShaped) return;
    if (data === undefined) throw new TaskFailed("the model's answer does not fit the agent's output_schema", failures.OUTPUT_INVALID);
    yield new Part({ data });
  }

  get #isShaped() {
    return Object.keys(this.output).length > 0;
  }

  async #options(exchange) {
    const shaped = this.#isShaped ? { structuredOutput: { schema: this.output } } : {};
    // The kit counts requests, those of sub-agents too, and says so when there are too many.
    const maxSteps = exchange.spec.limits.max_steps + 1;
    return { abortSignal: exchange.signal, maxSteps, modelSettings: settingsOf(this.model), ...shaped, ...this.#thread(exchange) };
  }

  /** Own code may keep its own memory of the conversation. */
  #thread({ turn }) {
    return this.agent.hasOwnMemory() ? { memory: { thread: turn.contextId, resource: turn.agent.id } } : {};
  }

  #said(told, exchange) {
    const fresh = this.agent.hasOwnMemory() ? [exchange.message] : told;
    return toNative(fresh, { vision: this.model.vision });
  }

  /** What Mastra tells on the way: usage, and calls of what is no tool of the kit's. */
  #follow(chunk, exchange) {
    const { type, payload } = chunk;
    if (type === "tool-output" && payload.output?.type) this.#follow(payload.output, exchange);
    else if (type === "step-finish") this.#count(payload, exchange);
    else if (type === "tool-call" && this.#isHidden(payload)) exchange.emit(new ToolCall(payload.toolCallId, payload.toolName, payload.args ?? {}));
    else if (type === "tool-result" && this.#isHidden(payload)) exchange.emit(resultOf(payload));
    else if (type === "tool-error" && this.#isHidden(payload)) exchange.emit(errorOf(payload));
  }

  #isHidden({ toolName }) {
    return !this.shown.has(toolName);
  }

  #count({ output, metadata }, exchange) {
    const { inputTokens = 0, outputTokens = 0 } = output?.usage ?? {};
    if (!inputTokens && !outputTokens) return;
    const name = metadata?.request?.body?.model ?? this.model.name;
    const model = this.models.get(name) ?? { ...this.model, name, input_price: undefined };
    exchange.emit(priced(model, inputTokens, outputTokens));
  }
}

/** What is thrown for what a stream says: not always an Error. */
export function failed(error) {
  if (String(error?.id).startsWith("STRUCTURED_OUTPUT")) return new TaskFailed(`the model's answer: ${error.message}`, failures.OUTPUT_INVALID);
  return error instanceof Error ? error : Object.assign(new Error(error?.message ?? String(error)), error);
}

/** Of a sub-agent its words; Mastra's other results are JSON already. */
function resultOf({ toolCallId, toolName, result }) {
  const told = toolName.startsWith(SUB_AGENT) ? (result?.text ?? result) : result;
  return new ToolResult(toolCallId, toolName, { result: JSON.parse(JSON.stringify(told ?? null)) });
}

function errorOf({ toolCallId, toolName, error }) {
  return new ToolResult(toolCallId, toolName, { error: error?.message ?? String(error) });
}
