/** The contract's messages and methods, read from its .proto file. */

import { fileURLToPath } from "node:url";

import protoLoader from "@grpc/proto-loader";

const FILE = fileURLToPath(new URL("../proto/agentx_plugin.proto", import.meta.url));

const loaded = protoLoader.loadSync(FILE, {
  longs: Number, // times in milliseconds and versions: far below 2^53
  enums: Number,
  defaults: true,
  oneofs: true,
});

export const SERVICE_NAME = "agentx.plugin.AgentXPluginService";
export const SERVICE = /** @type {import("@grpc/proto-loader").ServiceDefinition} */ (
  loaded[SERVICE_NAME]
);

/**
 * A message as it travels: an object whose field names are in camelCase.
 * @typedef {Record<string, any>} Wire
 */

/** @type {Readonly<Record<string, number>>} */
export const STATES = Object.freeze({
  unspecified: 0,
  submitted: 1,
  working: 2,
  completed: 3,
  failed: 4,
  canceled: 5,
  input_required: 6,
  rejected: 7,
  auth_required: 8,
});
export const AGENT_READY = 2;
export const AGENT_INITIALIZING = 1;
export const SERVING = 0;
export const NOT_SERVING = 1;
export const MAX_MESSAGE = 16 * 1024 * 1024;
export const OPTIONS = Object.freeze({
  "grpc.max_receive_message_length": MAX_MESSAGE,
  "grpc.max_send_message_length": MAX_MESSAGE,
});
export const TOKEN_KEY = "agentx-token";
