/** Mastra behind AgentX: agents, supervisors, workflows and own code. */

import { Agent } from "@mastra/core/agent";
import { noopLogger } from "@mastra/core/logger";
import { Mastra } from "@mastra/core/mastra";
import { InMemoryStore } from "@mastra/core/storage";
import { Workflow } from "@mastra/core/workflows";

import { ConfigError } from "@agentx/sdk";
import { LLMAdapter } from "@agentx/sdk/llm";

import { Talker, nativeAgent, nativeTools } from "./agents.js";
import { clientOf } from "./clients.js";
import { AGENT_SCHEMA, PLUGIN_SCHEMA } from "./config.js";
import { Runner } from "./runs.js";
import { compiled } from "./workflows.js";

/** What converses: a Talker is one turn of an agent, a Runner one of a workflow. */
class Native {
  constructor(mastra, converse, close = () => {}) {
    this.mastra = mastra;
    this.converse = converse;
    this.close = close;
  }
}

export class Plugin extends LLMAdapter {
  version = "1.0.0";
  framework = "mastra";
  capabilities = ["text", "images", "data", "streaming", "multi-turn", "tools", "workflows", "approvals", "structured-output"];
  inputModes = ["text/plain", "application/json", "image/*", "*/*"];
  outputModes = ["text/plain", "application/json"];
  configSchema = PLUGIN_SCHEMA;
  agentConfigSchema = AGENT_SCHEMA;

  connect(model) {
    return clientOf(model);
  }

  async build(agent, tools) {
    const spec = agent.config;
    if (spec.code) return this.#ownCode(agent, tools);
    const members = await this.#members(spec);
    const close = () => members.forEach((each) => each.tools.forEach((tool) => tool.close()));
    try {
      return spec.workflow.length ? this.#workflow(agent, tools, members, close) : await this.#agent(agent, tools, members, close);
    } catch (error) {
      close();
      throw error;
    }
  }

  converse(native, exchange) {
    return native.converse(exchange);
  }

  release(native) {
    native.close();
    return native.mastra?.shutdown();
  }

  async #agent(agent, tools, members, close) {
    const { instructions, model: told, output_schema: output } = agent.config;
    const model = this.model(told);
    const agents = Object.fromEntries(members.map((each) => [each.name, each.native]));
    const native = nativeAgent({ name: agent.id, instructions }, await this.client(model), tools, agents);
    const hosted = quiet({ agents: { [agent.id]: native, ...agents } });
    const shown = [...tools, ...members.flatMap((each) => each.tools)];
    const talker = new Talker(native, model, { tools: shown, models: members.map((each) => each.model), output });
    return new Native(hosted, (exchange) => talker.answer(exchange.messages, exchange), close);
  }

  #workflow(agent, tools, members, close) {
    const talkers = new Map(members.map((each) => [each.name, each]));
    const workflow = compiled(agent.config, talkers, tools);
    const agents = Object.fromEntries(members.map((each) => [each.name, each.native]));
    const runner = new Runner(workflow, (workflows) => quiet({ agents, workflows }));
    return new Native(runner.mastra, (exchange) => runner.answer(exchange), close);
  }

  /** @returns Each member's name, native agent, model and tools. */
  async #members(spec) {
    const found = [];
    for (const [place, member] of spec.members.entries()) {
      if (found.some((each) => each.name === member.name)) throw twice(member.name, `members.${place}.name`);
      found.push(await this.#member(member, spec, `members.${place}`));
    }
    return found;
  }

  async #member(member, spec, path) {
    const model = this.model(member.model || spec.model, `${path}.model`);
    const tools = await this.toolbox(member.tools, spec, `${path}.tools`);
    const native = nativeAgent(member, await this.client(model), tools);
    return { name: member.name, native, model, tools };
  }

  /** An author's Agent, Workflow, Mastra with one of them in it, or a function that makes one. */
  async #ownCode(agent, tools) {
    const spec = agent.config;
    const model = this.model(spec.model);
    const offered = { model: await this.client(model), tools: nativeTools(tools), config: spec };
    const { object: found } = await this.own(spec.code, offered);
    const own = found instanceof Mastra ? theOne(found, agent.id, spec.code) : found;
    if (own instanceof Agent) {
      own.__setLogger(noopLogger);
      const talker = new Talker(own, model, { tools, output: spec.output_schema });
      return new Native(null, (exchange) => talker.answer(exchange.messages, exchange));
    }
    if (own instanceof Workflow) {
      const runner = new Runner(own, (workflows) => quiet({ workflows }));
      return new Native(runner.mastra, (exchange) => runner.answer(exchange));
    }
    throw refused(spec.code, "is no Agent, Workflow or Mastra of @mastra/core, and makes none");
  }
}

/** A Mastra that writes no log of its own, and keeps nothing but what runs now. */
function quiet(hosted) {
  return new Mastra({ ...hosted, storage: new InMemoryStore(), logger: false });
}

/** The agent or workflow of that name, or the only one. */
function theOne(mastra, name, code) {
  const all = { ...mastra.listWorkflows(), ...mastra.listAgents() };
  const names = Object.keys(all);
  if (Object.hasOwn(all, name)) return all[name];
  if (names.length === 1) return all[names[0]];
  throw refused(code, `has ${names.length} agents and workflows, and none is named ${name}`);
}

function refused(code, why) {
  return new ConfigError(`${code} ${why}`, { code: why });
}

function twice(name, path) {
  const why = `there are two members named ${name}`;
  return new ConfigError(why, { [path]: why });
}
