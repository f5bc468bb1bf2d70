// Mastra alone; what turns.py is for the others.

import { createInterface } from "node:readline";

import { Agent } from "@mastra/core/agent";

const TEXT = "hello";
const model = { id: "demo/demo", url: process.env.STUB_URL, apiKey: "x" };
const agent = new Agent({ id: "a", name: "a", instructions: "You are a helpful assistant.", model });

async function turn(text) {
  let said = "";
  for await (const piece of (await agent.stream(text)).textStream) said += piece;
  return said;
}

async function timed(count, atOnce) {
  const times = [];
  let left = count;
  const caller = async () => {
    while (left-- > 0) {
      const began = performance.now();
      await turn(TEXT);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return times;
}

const told = await turn(TEXT);
if (told !== `You said: ${TEXT}`) throw new Error(told);
for await (const line of createInterface({ input: process.stdin })) {
  const [, count, atOnce] = line.split(" ").map(Number);
  process.stdout.write(`${JSON.stringify(await timed(count, atOnce))}\n`);
}
