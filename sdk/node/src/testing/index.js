/**
 * Test a plugin as it really runs.
 *
 *     const plugin = await PluginProcess.start(".");
 *     const answer = await plugin.send("hello");
 *     await plugin.end();
 */

export { Answer } from "./answer.js";
export { PluginProcess } from "./plugin.js";
export { LaunchFailed, Process } from "./process.js";
