/** The gRPC server of a plugin process: a unix socket or TCP, a token on every call, an orderly end. */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import grpc from "@grpc/grpc-js";

import { HEALTH, healthService } from "./health.js";
import { Hosting } from "./hosting.js";
import { Logger } from "./logs.js";
import { collecting, streaming, unary } from "./rpc.js";
import { PluginService } from "./service.js";
import { Credentials, listen } from "./tls.js";
import { OPTIONS, SERVICE, TOKEN_KEY } from "./wire.js";

/** @typedef {import("./adapter.js").Adapter} Adapter */
/** @typedef {import("./handshake.js").Launch} Launch */

const logger = new Logger("agentx_sdk.server");
const GRACE_MS = 200;
const SHUTDOWN_MS = 5000;
const LOOK_MS = 20;

/** Turns away who does not know the token, before a message is read. @param {string} token */
export function doorman(token) {
  const wanted = digest(token);
  const refusal = {
    code: grpc.status.UNAUTHENTICATED,
    details: `the call carries no valid ${TOKEN_KEY}`,
  };
  return (/** @type {any} */ _method, /** @type {grpc.ServerInterceptingCallInterface} */ call) =>
    new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            const [given] = metadata.get(TOKEN_KEY);
            if (given !== undefined && timingSafeEqual(digest(given), wanted)) pass(metadata);
            else call.sendStatus(refusal);
          },
        }),
    });
}

/** Of one length, which is what comparing in constant time asks for. @param {string | Buffer} value */
function digest(value) {
  return createHash("sha256").update(value).digest();
}

/** Serves one adapter until it is drained. */
export class PluginServer {
  #hosting;
  #server;
  #tls;
  /** @type {number | null} */
  #drainUntil = null;
  /** @type {() => void} */
  #begin = () => {};
  #draining = new Promise((resolve) => (this.#begin = () => resolve(undefined)));

  /** @param {Adapter} adapter @param {Launch} launch @param {number} contract */
  constructor(adapter, launch, contract) {
    this.#hosting = new Hosting(adapter, launch.plugin, contract);
    this.#server = new grpc.Server({ ...OPTIONS, interceptors: [doorman(launch.token)] });
    this.#tls = launch.tls ?? null;
    this.credentials = this.#tls ? new Credentials(this.#tls) : null;
    this.path = `${launch.socketDir}/p${process.pid}-${randomBytes(4).toString("hex")}.sock`;
  }

  /** Listen. @param {(seconds: number) => void} renew */
  async start(renew) {
    const service = new PluginService(this.#hosting, renew, this.drain.bind(this));
    this.#server.addService(/** @type {any} */ (SERVICE), handlers(service));
    this.#server.addService(/** @type {any} */ (HEALTH), healthService(() => service.trouble()));
    if (this.#tls && this.credentials) {
      const { definition, implementation } = this.credentials.service;
      this.#server.addService(definition, implementation);
      this.path = await listen(this.#server, this.#tls, this.credentials);
      return;
    }
    const mask = process.umask(0o177);
    try {
      await this.#bind();
    } finally {
      process.umask(mask);
    }
  }

  /** @returns {Promise<void>} */
  #bind() {
    const credentials = grpc.ServerCredentials.createInsecure();
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`unix:${this.path}`, credentials, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Whether the end has begun. */
  get draining() {
    return this.#hosting.draining;
  }

  /**
   * Take no more messages, and end when the running ones are done or after `seconds`.
   *
   * Asked again, the earlier end counts.
   * @param {number} seconds @param {string} reason
   */
  drain(seconds, reason) {
    const until = performance.now() + seconds * 1000;
    if (this.#drainUntil === null) {
      logger.info(`draining for up to ${Math.round(seconds)} s: ${reason}`);
    }
    this.#drainUntil = Math.min(this.#drainUntil ?? until, until);
    this.#hosting.draining = true;
    this.#begin();
  }

  /** Wait for the end: drained, stopped, the adapter shut down, the socket gone. */
  async ended() {
    await this.#draining;
    await this.#drained();
    await this.#stop();
    try {
      await bounded(this.#hosting.adapter.shutdown(), SHUTDOWN_MS);
    } catch (error) {
      logger.error("the adapter's shutdown failed:", error);
    }
    if (!this.credentials) fs.rmSync(this.path, { force: true });
  }

  /** Wait until nothing runs or the drain is over; a later call may bring its end nearer. */
  async #drained() {
    while (this.#hosting.load.inFlight && performance.now() < (this.#drainUntil ?? 0)) {
      await sleep(LOOK_MS);
    }
  }

  /** The grace lets the answer to Shutdown, and those of the last messages, leave. */
  async #stop() {
    const orderly = new Promise((resolve) => this.#server.tryShutdown(resolve));
    await Promise.race([orderly, sleep(GRACE_MS)]);
    this.#server.forceShutdown();
  }
}

/** @param {PluginService} service @returns {grpc.UntypedServiceImplementation} */
function handlers(service) {
  const calls = /** @type {any} */ (service);
  /** @type {grpc.UntypedServiceImplementation} */
  const found = {};
  for (const [name, { requestStream, responseStream }] of Object.entries(SERVICE)) {
    if (!requestStream && !responseStream) found[name] = unary((request) => calls[name](request));
  }
  found.SaveState = streaming((call) => service.state.save(call));
  found.LoadState = collecting((call) => service.state.load(call));
  found.ProcessMessage = unary((request, call) => service.turns.unary(request, call));
  found.ProcessMessageStream = streaming((call) => service.turns.stream(call));
  return found;
}

/** @param {any} promise @param {number} milliseconds */
async function bounded(promise, milliseconds) {
  const late = sleep(milliseconds, undefined, { ref: false }).then(() => {
    throw new Error(`it took longer than ${milliseconds} ms`);
  });
  await Promise.race([promise, late]);
}
