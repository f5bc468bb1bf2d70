export const SERVICE_NAME: "agentx.plugin.AgentXPluginService";
export const SERVICE: import("@grpc/proto-loader").ServiceDefinition;
/**
 * A message as it travels: an object whose field names are in camelCase.
 * @typedef {Record<string, any>} Wire
 */
/** @type {Readonly<Record<string, number>>} */
export const STATES: Readonly<Record<string, number>>;
export const AGENT_READY: 2;
export const AGENT_INITIALIZING: 1;
export const SERVING: 0;
export const NOT_SERVING: 1;
export const MAX_MESSAGE: number;
export const OPTIONS: Readonly<{
    "grpc.max_receive_message_length": number;
    "grpc.max_send_message_length": number;
}>;
export const TOKEN_KEY: "agentx-token";
/**
 * A message as it travels: an object whose field names are in camelCase.
 */
export type Wire = Record<string, any>;
