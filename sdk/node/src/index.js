/** AgentX's plugin SDK: write an `Adapter`, call `run`. */

export { Adapter, Model, Tool, tool } from "./adapter.js";
export {
  Artifact,
  AuthRequired,
  DirectMessage,
  InputRequired,
  Message,
  Part,
  Reply,
  Status,
  ToolCall,
  ToolResult,
  Usage,
} from "./content.js";
export { ConfigError, TaskFailed, TaskRejected, UnknownAgent, UnknownTool } from "./errors.js";
export { Logger } from "./logs.js";
export { Memory } from "./memory.js";
export { run } from "./runner.js";
export { State, StateEntry } from "./state.js";
export { Agent, Turn } from "./turn.js";
export { VERSION } from "./version.js";
