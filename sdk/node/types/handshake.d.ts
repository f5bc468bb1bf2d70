/**
 * What the core says when it starts a plugin process.
 * @typedef {{launchId: string, token: string, socketDir: string, contracts: number[],
 *   leaseSeconds: number, plugin: string, tls?: import("./tls.js").Tls | null}} Launch
 */
/** Whether the magic cookie is there. */
export function startedByCore(): boolean;
/** The launch line from a descriptor; throws LaunchError. @param {number} fd @returns {Launch} */
export function readLaunch(fd: number): Launch;
/**
 * The newest contract both sides speak, or null.
 * @param {readonly number[]} theirs @param {readonly number[]} [ours]
 */
export function chooseContract(theirs: readonly number[], ours?: readonly number[]): number | null;
/**
 * The descriptor for the handshake line: the one the core names (3), else stdout.
 *
 * From here on what is written to stdout goes to stderr, so that a banner breaks nothing.
 */
export function takeHandshakeFd(): number;
/**
 * The line that says where the plugin listens, and on TCP which certificate it shows there.
 * @param {number} contract @param {string} path @param {string} framework @param {string} launchId
 * @param {string} [shown] DER in base64; empty: a unix socket.
 */
export function acceptLine(contract: number, path: string, framework: string, launchId: string, shown?: string): string;
/**
 * The line that says which side must be upgraded.
 * @param {readonly number[]} theirs @param {readonly number[]} [ours]
 */
export function refuseLine(theirs: readonly number[], ours?: readonly number[]): string;
/** Write the line and close the descriptor: the core reads to its end. @param {number} fd @param {string} line */
export function sendLine(fd: number, line: string): void;
export const COOKIE_NAME: "AGENTX_PLUGIN_COOKIE";
export const COOKIE: "agentx-plugin-v1";
export const HANDSHAKE_FD_NAME: "AGENTX_HANDSHAKE_FD";
export const EXIT_NOT_LAUNCHED: 2;
export const EXIT_MISMATCH: 3;
export const STARTED_BY_HAND: "This is an AgentX plugin. It does nothing by itself: AgentX starts it and speaks gRPC with it.\n\n  to try it             agentx plugin dev <this folder>\n  to test it            agentx plugin test <this folder>\n  to run it for good    agentx plugin install <this folder>\n";
/** The process was not started the way AgentX starts plugins. */
export class LaunchError extends Error {
}
/**
 * What the core says when it starts a plugin process.
 */
export type Launch = {
    launchId: string;
    token: string;
    socketDir: string;
    contracts: number[];
    leaseSeconds: number;
    plugin: string;
    tls?: import("./tls.js").Tls | null;
};
