/** Turns away who does not know the token, before a message is read. @param {string} token */
export function doorman(token: string): (/** @type {any} */ _method: any, /** @type {grpc.ServerInterceptingCallInterface} */ call: grpc.ServerInterceptingCallInterface) => grpc.ServerInterceptingCall;
/** Serves one adapter until it is drained. */
export class PluginServer {
    /** @param {Adapter} adapter @param {Launch} launch @param {number} contract */
    constructor(adapter: Adapter, launch: Launch, contract: number);
    credentials: Credentials | null;
    path: string;
    /** Listen. @param {(seconds: number) => void} renew */
    start(renew: (seconds: number) => void): Promise<void>;
    /** Whether the end has begun. */
    get draining(): boolean;
    /**
     * Take no more messages, and end when the running ones are done or after `seconds`.
     *
     * Asked again, the earlier end counts.
     * @param {number} seconds @param {string} reason
     */
    drain(seconds: number, reason: string): void;
    /** Wait for the end: drained, stopped, the adapter shut down, the socket gone. */
    ended(): Promise<void>;
    #private;
}
export type Adapter = import("./adapter.js").Adapter;
export type Launch = import("./handshake.js").Launch;
import grpc from "@grpc/grpc-js";
import { Credentials } from "./tls.js";
