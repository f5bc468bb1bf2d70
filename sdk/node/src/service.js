/** The calls of the contract: the sixteen, and the three that were added. */

import grpc from "@grpc/grpc-js";

import { Model } from "./adapter.js";
import * as codec from "./codec.js";
import { ConfigError, TaskFailed, UnknownTool } from "./errors.js";
import { redact } from "./hosting.js";
import { Logger } from "./logs.js";
import { RpcError } from "./rpc.js";
import { Agent } from "./turn.js";
import { Turns, agentOf, described } from "./turns.js";
import { StateCalls } from "./state_calls.js";
import { SDK } from "./version.js";
import { AGENT_INITIALIZING, AGENT_READY, NOT_SERVING, SERVING } from "./wire.js";

/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {import("./hosting.js").Hosting} Hosting */

const logger = new Logger("agentx_sdk.service");
const TEXT = ["text/plain"];

/** Answers AgentX. `renew` prolongs the lease; `drain` begins the end, with seconds to wait. */
export class PluginService {
  #hosting;
  #adapter;
  #renew;
  #drain;

  /**
   * @param {Hosting} hosting
   * @param {(seconds: number) => void} renew
   * @param {(seconds: number, reason: string) => void} drain
   */
  constructor(hosting, renew, drain) {
    this.#hosting = hosting;
    this.#adapter = hosting.adapter;
    this.#renew = renew;
    this.#drain = drain;
    this.turns = new Turns(hosting);
    this.state = new StateCalls(hosting.adapter);
  }

  /** @param {Wire} request */
  async Initialize(request) {
    let config;
    try {
      config = codec.jsonObject(request.configJson, request.config);
      await this.#adapter.checkConfig(config, null);
      await this.#initialize(config);
    } catch (error) {
      return { success: false, error: told(error), fieldErrors: fieldErrors(error) };
    }
    this.#hosting.config = config;
    this.#hosting.initialized = true;
    return { success: true };
  }

  /** @param {Record<string, any>} config */
  async #initialize(config) {
    const before = this.#adapter.config;
    this.#adapter.config = config;
    try {
      await this.#adapter.initialize(config);
    } catch (error) {
      this.#adapter.config = before;
      throw error;
    }
  }

  /** @param {Wire} request */
  Shutdown(request) {
    this.#drain(request.drainSeconds, request.reason || "asked to");
    return { success: true, inFlight: this.#hosting.load.inFlight };
  }

  GetInfo() {
    const adapter = this.#adapter;
    return {
      name: this.#hosting.plugin,
      version: adapter.version,
      capabilities: adapter.capabilities,
      framework: adapter.framework,
      sdk: SDK,
      contract: this.#hosting.contract,
      configSchemaJson: adapter.configSchema ? codec.toJson(adapter.configSchema) : "",
      liveConfig: adapter.takesConfigLive(),
      stateful: adapter.keepsState(),
      agentSchemaJson: adapter.agentConfigSchema ? codec.toJson(adapter.agentConfigSchema) : "",
    };
  }

  /** @param {Wire} request */
  async HealthCheck(request) {
    if (request.leaseSeconds) this.#renew(request.leaseSeconds);
    const load = this.#hosting.load;
    const detail = await this.trouble();
    return {
      status: detail ? NOT_SERVING : SERVING,
      inFlight: load.inFlight,
      inFlightAverage: load.takeAverage(),
      messagesTotal: load.finished,
      errorsTotal: load.failed,
      detail,
    };
  }

  /**
   * What keeps messages away, in one sentence; empty when nothing does.
   * @returns {Promise<string>}
   */
  async trouble() {
    if (this.#hosting.draining) return "draining";
    if (!this.#hosting.initialized) return "not initialized";
    try {
      return (await this.#adapter.health()) || "";
    } catch (error) {
      return told(error);
    }
  }

  /** @param {Wire} request */
  async CreateAgent(request) {
    try {
      const agent = agentFrom(request);
      await this.#adapter.checkConfig(agent.config, agent);
      await this.#adapter.createAgent(agent);
      const info = await this.#agentInfo(agent);
      this.#hosting.agents.set(agent.id, agent);
      logger.info(
        `agent ${agent.id} is ready (contract ${this.#hosting.contract}, pid ${process.pid})`,
      );
      return { success: true, agent: info };
    } catch (error) {
      return { success: false, error: told(error) };
    }
  }

  /** @param {Wire} request */
  async DeleteAgent(request) {
    const agent = agentOf(this.#hosting, request.agentId);
    try {
      await this.#adapter.deleteAgent(agent);
    } catch (error) {
      return { success: false, error: told(error) };
    }
    this.#hosting.agents.delete(agent.id);
    return { success: true };
  }

  async ListAgents() {
    const agents = [...this.#hosting.agents.values()];
    return { agents: await Promise.all(agents.map((agent) => this.#agentInfo(agent))) };
  }

  /** @param {Wire} request */
  async GetAgentInfo(request) {
    const agent = agentOf(this.#hosting, request.agentId);
    const models = (await this.#adapter.models(agent)).map(wireModel);
    const info = await this.#agentInfo(agent);
    return { agent: { ...info, models: models.map((/** @type {Wire} */ each) => each.id) } };
  }

  /** @param {Wire} request */
  GetCapabilities(request) {
    this.#agentOrNull(request.agentId);
    return {
      capabilities: this.#adapter.capabilities,
      streaming: true,
      inputModes: this.#adapter.inputModes ?? TEXT,
      outputModes: this.#adapter.outputModes ?? TEXT,
    };
  }

  /** @param {Wire} request */
  async GetSupportedModels(request) {
    const agent = this.#agentOrNull(request.agentId);
    return { models: (await this.#adapter.models(agent)).map(wireModel) };
  }

  /** @param {Wire} request */
  async ListTools(request) {
    const agent = this.#agentOrNull(request.agentId);
    return { tools: (await this.#adapter.tools(agent)).map(wireTool) };
  }

  /** @param {Wire} request */
  async ExecuteTool(request) {
    const agent = this.#agentOrNull(request.agentId);
    try {
      const args = codec.jsonObject(request.argumentsJson, request.parameters);
      const result = await this.#adapter.executeTool(request.toolName, args, agent);
      return { success: true, resultJson: codec.toJson(result ?? null) };
    } catch (error) {
      if (error instanceof UnknownTool) throw new RpcError(grpc.status.NOT_FOUND, error.message);
      if (error instanceof TaskFailed) {
        return { success: false, error: error.reason, errorCode: error.code };
      }
      return { success: false, error: told(error), errorCode: "tool_error" };
    }
  }

  /** @param {Wire} request */
  async UpdateConfig(request) {
    const agent = this.#agentOrNull(request.agentId);
    try {
      const config = codec.jsonObject(request.configJson, request.config);
      await this.#adapter.checkConfig(config, agent);
      return { success: true, restartNeeded: await this.#update(config, agent) };
    } catch (error) {
      return { success: false, error: told(error), fieldErrors: fieldErrors(error) };
    }
  }

  /** @param {Wire} request */
  async ValidateConfig(request) {
    // Of an agent that is not there yet it is what CreateAgent would be asked for.
    const slug = request.agentId;
    const agent = this.#hosting.agents.get(slug) ?? (slug ? new Agent({ id: slug, name: slug }) : null);
    try {
      await this.#adapter.checkConfig(codec.jsonObject(request.configJson), agent);
      return { success: true };
    } catch (error) {
      return { success: false, error: told(error), fieldErrors: fieldErrors(error) };
    }
  }

  /** @param {Wire} request */
  GetConfig(request) {
    const holder = this.#agentOrNull(request.agentId) ?? this.#hosting;
    const shown = redact(holder.config, this.#adapter.allSecretFields());
    const texts = Object.entries(shown).filter(([, value]) => typeof value === "string");
    return { config: Object.fromEntries(texts), configJson: codec.toJson(shown) };
  }

  /**
   * Whether it is in force only after a restart.
   * @param {Record<string, any>} config @param {Agent | null} agent
   */
  async #update(config, agent) {
    if (agent && !this.#adapter.writes("updateConfig")) {
      const changed = new Agent({ ...agent, config });
      await this.#adapter.createAgent(changed);
      this.#hosting.agents.set(changed.id, changed);
      return false;
    }
    const before = this.#adapter.config;
    if (await this.#adapter.updateConfig(config, agent)) return true;
    (agent ?? this.#hosting).config = config;
    // Unless the hook said what it shall be.
    if (!agent && this.#adapter.config === before) this.#adapter.config = config;
    return false;
  }

  /** @param {string} slug @returns {Agent | null} */
  #agentOrNull(slug) {
    return slug ? agentOf(this.#hosting, slug) : null;
  }

  /** @param {Agent} agent @returns {Promise<Wire>} */
  async #agentInfo(agent) {
    const adapter = this.#adapter;
    return {
      id: agent.id,
      name: agent.name,
      framework: adapter.framework,
      capabilities: adapter.capabilities,
      metadata: agent.metadata,
      status: this.#hosting.ready ? AGENT_READY : AGENT_INITIALIZING,
      description: agent.description,
      version: adapter.version,
      cardJson: codec.toJson(await this.#card(agent)),
    };
  }

  /** What the author says; where nothing was said, the manifest has the word. @param {Agent} agent */
  async #card(agent) {
    const { skills, inputModes, outputModes } = this.#adapter;
    return {
      skills,
      ...(inputModes ? { defaultInputModes: inputModes } : {}),
      ...(outputModes ? { defaultOutputModes: outputModes } : {}),
      ...(await this.#adapter.card(agent)),
    };
  }
}

/** @param {Wire} request */
function agentFrom(request) {
  if (!request.id) throw new ConfigError("an agent needs an id", { id: "must not be empty" });
  return new Agent({
    id: request.id,
    name: request.name || request.id,
    description: request.description,
    config: codec.jsonObject(request.configJson, request.config),
    metadata: { ...request.metadata },
  });
}

/** @param {Model | string} model @returns {Wire} */
function wireModel(model) {
  if (typeof model === "string") return { id: model, name: model };
  const metadata = codec.objectJson(model.metadata);
  return { id: model.id, name: model.name || model.id, provider: model.provider, metadata };
}

/** @param {import("./adapter.js").Tool} tool @returns {Wire} */
function wireTool(tool) {
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: codec.toJson(tool.inputSchema),
    outputSchema: codec.objectJson(tool.outputSchema),
  };
}

/** What the core is told; a mistake in the adapter's code also goes to the log. @param {unknown} error */
function told(error) {
  if (error instanceof ConfigError) return error.message;
  logger.error("the adapter failed:", error);
  return described(error);
}

/** @param {unknown} error */
function fieldErrors(error) {
  const fields = error instanceof ConfigError ? error.fields : {};
  return Object.entries(fields).map(([field, message]) => ({ field, message }));
}
