/** Whether the author asked for it. */
export function isDebugged(): boolean;
/** A launch that nobody else knows: a private folder for the socket, a token, an id. @returns {Launch} */
export function ownLaunch(): Launch;
/** The line for `agentx plugin attach`. @param {Launch} launch @param {string} socket @param {number} contract */
export function reattachLine(launch: Launch, socket: string, contract: number): string;
export type Launch = import("./handshake.js").Launch;
