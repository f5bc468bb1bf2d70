/** Agents, sub-agents and workflows of Mastra. */

import { run } from "@agentx/sdk";

import { MastraAdapter } from "./adapter.js";

run(new MastraAdapter());
