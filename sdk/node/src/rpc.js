/** gRPC's calls as async functions. */

import grpc from "@grpc/grpc-js";

/** A call that ends with a status of gRPC. */
export class RpcError extends Error {
  /** @param {grpc.status} code @param {string} details */
  constructor(code, details) {
    super(details);
    this.code = code;
    this.details = details.toWellFormed(); // gRPC cannot encode half a character
  }
}

/**
 * A unary handler of an async function that takes the request and the call.
 * @param {(request: any, call: any) => any} answer
 */
export function unary(answer) {
  return async (/** @type {any} */ call, /** @type {grpc.sendUnaryData<any>} */ callback) => {
    try {
      callback(null, await answer(call.request, call));
    } catch (error) {
      callback(statusOf(error));
    }
  };
}

/**
 * A streaming handler of an async function that takes the call: what it throws ends the stream.
 * @param {(call: any) => Promise<void>} serve
 */
export function streaming(serve) {
  return async (/** @type {any} */ call) => {
    try {
      await serve(call);
      call.end();
    } catch (error) {
      call.emit("error", statusOf(error));
    }
  };
}

/**
 * A handler of a stream of requests, of an async function that takes the call and gives the answer.
 * @param {(call: any) => Promise<any>} answer
 */
export function collecting(answer) {
  return async (/** @type {any} */ call, /** @type {grpc.sendUnaryData<any>} */ callback) => {
    try {
      callback(null, await answer(call));
    } catch (error) {
      callback(statusOf(error));
    }
  };
}

/**
 * The only message of a stream of requests. Throws RpcError when there is none.
 * @param {any} call
 * @returns {Promise<any>}
 */
export function firstMessage(call) {
  return new Promise((resolve, reject) => {
    call.once("data", resolve);
    call.once("cancelled", () => reject(new RpcError(grpc.status.CANCELLED, "cancelled")));
    call.once("end", () =>
      reject(new RpcError(grpc.status.INVALID_ARGUMENT, "the stream carried no message")),
    );
    call.resume();
  });
}

/**
 * Write, and wait while the other side takes its time.
 * @param {any} call
 * @param {any} message
 */
export async function write(call, message) {
  if (call.write(message) || call.cancelled) return;
  await new Promise((resolve) => {
    call.once("drain", resolve);
    call.once("cancelled", resolve);
  });
}

/** @param {unknown} error @returns {RpcError} */
function statusOf(error) {
  if (error instanceof RpcError) return error;
  return new RpcError(grpc.status.UNKNOWN, String(error));
}
