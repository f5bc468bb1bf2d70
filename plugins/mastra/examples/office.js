/** A whole Mastra, of which an agent of AgentX is the part that has its name. */

import { Agent } from "@mastra/core/agent";
import { Mastra } from "@mastra/core/mastra";

import { workflow as expenses } from "./expenses.js";

export function office({ model }) {
  const porter = new Agent({ id: "porter", name: "Porter", instructions: "reply: the porter heard {text}", model });
  return new Mastra({ agents: { porter }, workflows: { expenses }, logger: false });
}
