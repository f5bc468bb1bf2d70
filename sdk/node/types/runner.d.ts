/**
 * Serve the adapter until AgentX ends the process.
 * @param {Adapter} adapter
 */
export function run(adapter: Adapter): void;
export type Adapter = import("./adapter.js").Adapter;
