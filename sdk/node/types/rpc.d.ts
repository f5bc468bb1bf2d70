/**
 * A unary handler of an async function that takes the request and the call.
 * @param {(request: any, call: any) => any} answer
 */
export function unary(answer: (request: any, call: any) => any): (/** @type {any} */ call: any, /** @type {grpc.sendUnaryData<any>} */ callback: grpc.sendUnaryData<any>) => Promise<void>;
/**
 * A streaming handler of an async function that takes the call: what it throws ends the stream.
 * @param {(call: any) => Promise<void>} serve
 */
export function streaming(serve: (call: any) => Promise<void>): (/** @type {any} */ call: any) => Promise<void>;
/**
 * A handler of a stream of requests, of an async function that takes the call and gives the answer.
 * @param {(call: any) => Promise<any>} answer
 */
export function collecting(answer: (call: any) => Promise<any>): (/** @type {any} */ call: any, /** @type {grpc.sendUnaryData<any>} */ callback: grpc.sendUnaryData<any>) => Promise<void>;
/**
 * The only message of a stream of requests. Throws RpcError when there is none.
 * @param {any} call
 * @returns {Promise<any>}
 */
export function firstMessage(call: any): Promise<any>;
/**
 * Write, and wait while the other side takes its time.
 * @param {any} call
 * @param {any} message
 */
export function write(call: any, message: any): Promise<void>;
/** A call that ends with a status of gRPC. */
export class RpcError extends Error {
    /** @param {grpc.status} code @param {string} details */
    constructor(code: grpc.status, details: string);
    code: grpc.status;
    details: string;
}
import grpc from "@grpc/grpc-js";
