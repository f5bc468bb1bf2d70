/** A function of your own as a tool: `{"code": "tools.js:roll"}`. It runs in a thread of its own. */

import { randomInt } from "node:crypto";

import { tool } from "@agentx/sdk";

export const roll = tool(
  {
    name: "roll",
    description: "Roll a die.",
    inputSchema: {
      type: "object",
      properties: { sides: { type: "integer", minimum: 2, maximum: 100, default: 6 } },
      additionalProperties: false,
    },
  },
  ({ sides }) => randomInt(sides) + 1,
);
