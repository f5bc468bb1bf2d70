/**
 * Serve the adapter until AgentX ends the process.
 *
 * Started by hand with AGENTX_PLUGIN_DEBUG=1 or --debug it serves too, and prints the line by which
 * `agentx plugin attach` finds it.
 * @param {Adapter} adapter
 */
export function run(adapter: Adapter): void;
export type Adapter = import("./adapter.js").Adapter;
