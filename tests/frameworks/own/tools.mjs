// Tools of somebody who writes agents, good and bad ones.

export function weather({ city }) {
  return `sunny in ${city}`;
}
weather.description = "What the weather is like.";
weather.inputSchema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

export function raises() {
  throw new Error("out of order");
}
raises.description = "It never works.";

export async function hangs() {
  await new Promise(() => {});
}
hangs.description = "It waits for ever.";

export const NO_TOOL = 7;

export function blocks() {
  for (;;);
}
blocks.description = "It keeps its thread for ever.";
