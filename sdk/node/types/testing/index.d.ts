export { Answer } from "./answer.js";
export { PluginProcess } from "./plugin.js";
export { LaunchFailed, Process } from "./process.js";
