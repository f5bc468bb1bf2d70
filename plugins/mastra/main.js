/** Agents, sub-agents and workflows of Mastra. */

import { run } from "@agentx/sdk";

import { Plugin } from "./adapter.js";

run(new Plugin());
