/** An agent as its author has it, with tools of zod: the plugin gives it the model. */

import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";

const forecast = createTool({
  id: "forecast",
  description: "The weather of a city.",
  inputSchema: z.object({ city: z.string() }),
  outputSchema: z.object({ sky: z.string(), degrees: z.number() }),
  execute: async ({ city }) => ({ sky: city === "Bergen" ? "rain" : "sun", degrees: city.length }),
});

/** `model` is the agent's of the configuration, `tools` are those it names. */
export function agent({ model, tools, config }) {
  return new Agent({
    id: "weather",
    name: "Weather",
    instructions: config.instructions,
    model,
    tools: { ...tools, forecast },
  });
}
