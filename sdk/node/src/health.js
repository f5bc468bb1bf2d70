/**
 * grpc.health.v1, written out by hand: two messages of one field each are cheaper than one more
 * dependency.
 */

import { setTimeout as sleep } from "node:timers/promises";

import grpc from "@grpc/grpc-js";

import { RpcError, streaming, unary, write } from "./rpc.js";
import { SERVICE_NAME } from "./wire.js";

const SERVICE = "grpc.health.v1.Health";
const [SERVING, NOT_SERVING, SERVICE_UNKNOWN] = [1, 2, 3];
const WATCH_MS = 500;

/**
 * The `service` of a HealthCheckRequest (field 1, a string).
 * @param {Buffer} wire
 */
export function decodeRequest(wire) {
  if (!wire.length) return { service: "" };
  if (wire[0] !== 0x0a || wire.length < 2 || wire[1] > 127) {
    throw new TypeError("not a health check for a service with a short name");
  }
  return { service: wire.toString("utf8", 2, 2 + wire[1]) };
}

/** @param {boolean} responseStream @param {string} name */
function method(name, responseStream) {
  return {
    path: `/${SERVICE}/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (/** @type {{service: string}} */ { service }) =>
      Buffer.from([0x0a, service.length, ...Buffer.from(service)]),
    requestDeserialize: decodeRequest,
    responseSerialize: (/** @type {number} */ status) => Buffer.from([0x08, status]),
    responseDeserialize: (/** @type {Buffer} */ wire) => wire[1] ?? 0,
  };
}

export const HEALTH = { Check: method("Check", false), Watch: method("Watch", true) };

/**
 * Answers "live" (and "") while the loop turns, "ready" when messages may come.
 * @param {() => Promise<string>} trouble
 * @returns {grpc.UntypedServiceImplementation}
 */
export function healthService(trouble) {
  const status = async (/** @type {string} */ service) => {
    if (service === "" || service === "live") return SERVING;
    if (service !== "ready" && service !== SERVICE_NAME) return SERVICE_UNKNOWN;
    return (await trouble()) ? NOT_SERVING : SERVING;
  };
  return {
    Check: unary(async ({ service }) => {
      const found = await status(service);
      if (found !== SERVICE_UNKNOWN) return found;
      throw new RpcError(grpc.status.NOT_FOUND, `unknown service "${service}"`);
    }),
    Watch: streaming((call) => watch(call, () => status(call.request.service))),
  };
}

/** @param {any} call @param {() => Promise<number>} ask */
async function watch(call, ask) {
  for (let last = -1; !call.cancelled; ) {
    const found = await ask();
    if (found !== last) await write(call, found);
    last = found;
    await sleep(WATCH_MS, undefined, { ref: false });
  }
}
