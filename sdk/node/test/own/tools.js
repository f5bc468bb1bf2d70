/** Own functions that the tests name in configurations. */

import { tool } from "@agentx/sdk";

export const add = tool(
  {
    name: "add",
    description: "Adds.",
    inputSchema: { type: "object", properties: { a: { type: "number" }, b: { type: "number", default: 1 } }, required: ["a"] },
  },
  ({ a, b }) => a + b,
);

export function shout({ text }) {
  return text.toUpperCase();
}

export function spin() {
  for (;;);
}

export const never = () => new Promise(() => {});

export const nap = ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, "slept"));

export function breaks() {
  throw new RangeError("no luck");
}

export function leaves() {
  process.exit(3);
}

export const big = () => "é".repeat(1000);

export const notAFunction = 5;

export const made = async ({ config }) => ({ made: config });

export class Kind {}

/** Such as a workflow of Mastra: its `then` adds a step. */
export const chained = { then: () => chained };

export const makesChained = () => chained;
