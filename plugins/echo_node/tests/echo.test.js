/** Echo does what its README says. */

import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";

import { Message, Part } from "@agentx/sdk";
import { PluginProcess } from "@agentx/sdk/testing";

const FOLDER = new URL("..", import.meta.url).pathname;
let echo;

before(async () => {
  echo = await PluginProcess.start(FOLDER);
});
after(() => echo.end());

async function until(happened) {
  while (!(await happened())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("it says back text, data and files", async () => {
  assert.equal((await echo.send("hello")).text, "hello");
  const parts = [new Part({ text: "a" }), new Part({ data: [1] }), new Part({ raw: Buffer.from([0]), filename: "f" })];
  const answer = await echo.send(parts);
  assert.deepEqual(answer.parts, parts);
  assert.equal(answer.state, "completed");
});

test("it streams word by word", async () => {
  const words = [];
  for await (const response of echo.stream("one two  three", { metadata: { stream: true } })) {
    for (const { artifact } of response.events) if (artifact) words.push(artifact.artifact.parts[0].text);
  }
  assert.deepEqual(words, ["one ", "two ", " ", "three"]);
});

test("streaming without a stream gives one artifact", async () => {
  const answer = await echo.send("one two", { metadata: { stream: true } });
  assert.deepEqual(answer.parts.map((part) => part.text), ["one two"]);
});

test("it fails and rejects", async () => {
  const failed = await echo.send("x", { metadata: { fail: "too hot" } });
  assert.deepEqual([failed.state, failed.error, failed.errorCode], ["failed", "too hot", "asked_to_fail"]);
  const rejected = await echo.send("x", { metadata: { reject: "no thanks" } });
  assert.deepEqual([rejected.state, rejected.question], ["rejected", "no thanks"]);
});

test("it asks, and the answer completes", async () => {
  const asked = await echo.send("x", { metadata: { ask: "which word?" }, taskId: "t" });
  assert.deepEqual([asked.state, asked.question], ["input_required", "which word?"]);
  const history = [new Message("x", { role: "user" }), new Message("which word?")];
  const answer = await echo.send("this", { taskId: "t", history });
  assert.deepEqual([answer.state, answer.text], ["completed", "this"]);
});

test("it makes artifacts and data", async () => {
  const answer = await echo.send("words", { metadata: { artifact: "report" } });
  assert.deepEqual(answer.artifacts.map((artifact) => artifact.name), ["report"]);
  const data = await echo.send("x", { metadata: { data: [1] } });
  assert.deepEqual(data.parts, [new Part({ data: { data: [1] } })]);
});

test("it says what it is doing", async () => {
  const answer = await echo.send("x", { metadata: { status: "looking" } });
  assert.equal(answer.events[0].status.message.parts[0].text, "looking");
  assert.deepEqual([answer.state, answer.text], ["completed", "x"]);
});

test("a sleep can be cancelled", async () => {
  const waiting = echo.stream("x", { metadata: { status: "asleep soon", sleep: 30 } });
  for await (const _ of waiting) break;
  await until(async () => (await echo.health()).inFlight === 0);
});

test("it grows", async () => {
  const before = resident(echo.pid);
  await echo.send("x", { metadata: { grow_mb: 50 } });
  assert.ok(resident(echo.pid) - before > 40);
});

test("it crashes", async () => {
  const own = await PluginProcess.start(FOLDER);
  await assert.rejects(own.send("x", { metadata: { crash: true } }), { code: 14 });
  assert.equal(await own.wait(), 70);
  await own.end();
});

/** Resident memory, in megabytes. */
function resident(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}
