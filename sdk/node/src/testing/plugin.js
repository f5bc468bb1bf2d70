/** A plugin process and a gRPC client for it. */

import { randomUUID } from "node:crypto";

import grpc from "@grpc/grpc-js";

import * as codec from "../codec.js";
import { Message } from "../content.js";
import { OPTIONS, SERVICE, TOKEN_KEY } from "../wire.js";
import { Answer } from "./answer.js";
import { Process } from "./process.js";

/** @typedef {import("../wire.js").Wire} Wire */
/** @typedef {import("../content.js").Content} Content */
/**
 * @typedef {import("./process.js").ProcessOptions & {agents?: Record<string, object>,
 *   config?: object, renew?: boolean}} PluginOptions
 */
/**
 * @typedef {{agent?: string, metadata?: Record<string, unknown>, history?: Message[],
 *   taskId?: string, contextId?: string, messageId?: string, deadlineMs?: number, caller?: string,
 *   traceparent?: string, acceptedOutputModes?: string[], turnToken?: string, agentxUrl?: string,
 *   memory?: Uint8Array}} Fields
 */

const Client = grpc.makeGenericClientConstructor(/** @type {any} */ (SERVICE), "plugin");

/**
 * A process that is initialized and hosts `agents`: a slug and a configuration for each.
 *
 * Without `agents`, those of its plugin.yaml, else one named "agent". Its lease is renewed until
 * the end unless `renew` is false.
 */
export class PluginProcess extends Process {
  /** @type {any} */
  #stub = null;
  /** @type {NodeJS.Timeout | undefined} */
  #heart = undefined;

  /** @param {string} folder @param {PluginOptions} [options] */
  constructor(folder, options = {}) {
    super(folder, options);
    this.options = options;
    this.agents = options.agents ?? listed(this.manifest);
    /**
     * By agent and conversation (`agent/context`), as the core keeps it. The core lets turns of one come one at a time.
     * @type {Map<string, Uint8Array>}
     */
    this.memories = new Map();
  }

  /**
   * A running plugin; `end` it when you are done. Throws LaunchFailed.
   * @param {string} folder @param {PluginOptions} [options]
   */
  static async start(folder, options) {
    const plugin = new PluginProcess(folder, options);
    await plugin.launched();
    try {
      await plugin.#setUp();
    } catch (error) {
      await plugin.end();
      throw error;
    }
    return plugin;
  }

  /** Send one message and wait for the end of its turn. @param {Content | Content[]} content @param {Fields} [fields] */
  async send(content, fields) {
    const request = this.request(content, fields);
    const response = await this.call("ProcessMessage", request, 30);
    this.#keep(request, response);
    return new Answer([response]);
  }

  /**
   * Send one message; its responses as they come. Leaving the loop early cancels it.
   * @param {Content | Content[]} content @param {Fields} [fields]
   * @returns {AsyncGenerator<Wire>}
   */
  async *stream(content, fields) {
    const call = this.#stub.ProcessMessageStream(this.#credentials(), deadline(30));
    call.on("error", () => {}); // told by the loop
    const request = this.request(content, fields);
    call.end(request);
    try {
      for await (const response of call) {
        this.#keep(request, response);
        yield response;
      }
    } finally {
      call.cancel();
    }
  }

  /** Like `send`, over the streaming call. @param {Content | Content[]} content @param {Fields} [fields] */
  async streamAll(content, fields) {
    /** @type {Wire[]} */
    const responses = [];
    for await (const response of this.stream(content, fields)) responses.push(response);
    return new Answer(responses);
  }

  /**
   * A message for an agent (the first one), as the core would send it.
   * @param {Content | Content[]} content @param {Fields} [fields]
   * @returns {Wire}
   */
  request(content, fields = {}) {
    const { agent: asked, metadata, history = [], messageId, ...more } = fields;
    const agent = asked ?? Object.keys(this.agents)[0];
    const ids = { taskId: more.taskId || randomUUID(), contextId: more.contextId || randomUUID() };
    const wire = (/** @type {Message} */ message, id = `${randomUUID()}`) =>
      codec.encodeMessage(message, { messageId: id, ...ids });
    return {
      requestId: randomUUID(),
      memory: this.memories.get(`${agent}/${ids.contextId}`),
      ...more,
      ...ids,
      agentId: agent,
      message: wire(new Message(content, { role: "user", metadata }), messageId),
      history: history.map((message) => wire(message)),
    };
  }

  /**
   * Any unary call by its name; the empty request when none is given. Throws what gRPC throws.
   * @param {string} method @param {Wire} [request] @param {number} [seconds]
   * @returns {Promise<Wire>}
   */
  call(method, request = {}, seconds = 10) {
    return new Promise((resolve, reject) => {
      const told = (/** @type {Error | null} */ error, /** @type {Wire} */ response) =>
        error ? reject(error) : resolve(response);
      this.#stub[method](request, this.#credentials(), deadline(seconds), told);
    });
  }

  /** The plugin's own account of itself. @param {number} [leaseSeconds] */
  health(leaseSeconds = 0) {
    return this.call("HealthCheck", { leaseSeconds });
  }

  /** What it must not forget. @param {number} [changedSince] @returns {Promise<Wire[]>} */
  async saveState(changedSince = 0) {
    const entries = [];
    const call = this.#stub.SaveState({ changedSince }, this.#credentials(), deadline(10));
    for await (const entry of call) entries.push(entry);
    return entries;
  }

  /** Give it what another process saved. @param {Wire[]} entries @returns {Promise<Wire>} */
  loadState(entries) {
    return new Promise((resolve, reject) => {
      const told = (/** @type {Error | null} */ error, /** @type {Wire} */ response) =>
        error ? reject(error) : resolve(response);
      const call = this.#stub.LoadState(this.#credentials(), deadline(10), told);
      entries.forEach((entry) => call.write(entry));
      call.end();
    });
  }

  /** Ask it to drain and end; the exit status. @param {number} [drainSeconds] */
  async shutdown(drainSeconds = 5) {
    await this.call("Shutdown", { drainSeconds });
    return this.wait();
  }

  /** @override */
  async end() {
    clearInterval(this.#heart);
    this.#stub?.close();
    await super.end();
  }

  /** @param {Wire} request @param {Wire} response */
  #keep(request, response) {
    if (response.memory) this.memories.set(`${request.agentId}/${request.contextId}`, response.memory);
  }

  #credentials() {
    const metadata = new grpc.Metadata();
    metadata.set(TOKEN_KEY, this.token);
    return metadata;
  }

  async #setUp() {
    this.#stub = new Client(this.address, grpc.credentials.createInsecure(), OPTIONS);
    const { config = {}, renew = true } = /** @type {PluginOptions} */ (this.options);
    if (renew) this.#beat();
    const about = { pluginId: this.launch.plugin, contract: Number(this.handshake[1]) };
    check("Initialize", await this.call("Initialize", { ...about, configJson: codec.toJson(config) }));
    for (const [id, own] of Object.entries(this.agents)) {
      check("CreateAgent", await this.call("CreateAgent", { id, configJson: codec.toJson(own) }));
    }
  }

  #beat() {
    const seconds = Number(this.launch.lease_seconds);
    const renew = () => this.health(Math.max(1, Math.round(seconds))).catch(() => {});
    this.#heart = setInterval(renew, (seconds * 1000) / 5);
  }
}

/** @param {number} seconds */
function deadline(seconds) {
  return { deadline: Date.now() + seconds * 1000 };
}

/** @param {Record<string, any>} manifest @returns {Record<string, object>} */
function listed(manifest) {
  const agents = manifest.agents ?? [{ slug: "agent" }];
  return Object.fromEntries(agents.map((/** @type {any} */ each) => [each.slug, each.config ?? {}]));
}

/** @param {string} name @param {Wire} response */
function check(name, response) {
  if (!response.success) throw new Error(`${name}: ${response.error}`);
}
