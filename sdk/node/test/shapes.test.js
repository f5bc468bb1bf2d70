/** Every shape of `process` and every hook, over a real process and real gRPC. */

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { Message, Part } from "@agentx/sdk";
import { PluginProcess } from "@agentx/sdk/testing";

const SHAPES = new URL("shapes", import.meta.url).pathname;
const [DEADLINE_EXCEEDED, NOT_FOUND] = [4, 5];
let plugin;

before(async () => {
  plugin = await PluginProcess.start(SHAPES, { config: { token: "t", hidden: "h" } });
});
after(() => plugin.end());

/** The same message over both calls: they must end in the same state with the same words. */
async function both(text, fields) {
  const [unary, streamed] = [await plugin.send(text, fields), await plugin.streamAll(text, fields)];
  assert.deepEqual(
    [unary.state, unary.text, unary.error],
    [streamed.state, streamed.text, streamed.error],
  );
  return unary;
}

async function until(happened) {
  while (!(await happened())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const logLines = () => plugin.log.trim().split("\n").map((line) => JSON.parse(line));

test("a string becomes one artifact named reply", async () => {
  const answer = await both("hello");
  assert.deepEqual([answer.text, answer.state], ["hello", "completed"]);
  assert.deepEqual(answer.artifacts.map((artifact) => artifact.name), ["reply"]);
});

test("nothing completes without an artifact", async () => {
  const answer = await both("none");
  assert.deepEqual([answer.state, answer.artifacts], ["completed", []]);
});

const PARTS = {
  dict: [new Part({ data: { a: [1, null] } })],
  reply: [new Part({ text: "see" }), new Part({ data: { k: 1 } })],
  artifact: [new Part({ text: "x" })],
  file: [new Part({ raw: Buffer.from([0, 255]), mediaType: "image/png", filename: "p.png" })],
};
for (const [text, parts] of Object.entries(PARTS)) {
  test(`parts travel: ${text}`, async () => assert.deepEqual((await both(text)).parts, parts));
}

test("a message is an event of its own", async () => {
  const { message } = (await both("message", { contextId: "c1" })).events[0];
  assert.deepEqual([message.parts[0].text, message.role], ["direct", "agent"]);
  assert.deepEqual([message.conversationId, message.fromAgentId], ["c1", "shape"]);
});

test("an interruption ends the turn", async () => {
  const answer = await both("input");
  assert.deepEqual([answer.state, answer.question, answer.events.length], ["input_required", "which?", 1]);
});

test("who follows the task sees it go on once authorised", async () => {
  assert.equal((await plugin.send("authorised")).state, "auth_required");
  const streamed = await plugin.streamAll("authorised");
  assert.deepEqual([streamed.state, streamed.text], ["completed", "thank you"]);
});

test("a direct message is the whole answer", async () => {
  const answer = await plugin.streamAll("direct");
  assert.deepEqual([answer.events.length, answer.reply.text], [1, "no task"]);
  const refused = await both("too direct");
  assert.match(refused.error, /nothing may come before it/);
});

test("tokens are appended to one artifact, and leave as they come", async () => {
  const times = [];
  const changes = [];
  for await (const { events } of plugin.stream("tokens", { metadata: { pause: 0.1 } })) {
    times.push(performance.now());
    changes.push(...events.flatMap((event) => event.artifact ?? []));
  }
  assert.deepEqual(changes.map((change) => change.append), [false, true, true]);
  assert.equal(new Set(changes.map((change) => change.artifact.artifactId)).size, 1);
  assert.ok(times[1] - times[0] > 80);
  assert.deepEqual((await plugin.send("tokens")).parts, [new Part({ text: "one two three" })]);
});

test("a plain generator will do, and what one returns is the last it gives", async () => {
  assert.equal((await both("plain")).text, "step by step");
  const answer = await both("returns");
  assert.deepEqual([answer.text, answer.state, answer.question], ["asking: ", "input_required", "which?"]);
});

for (const call of ["send", "streamAll"]) {
  test(`a generator may yield everything: ${call}`, async () => {
    const answer = await plugin[call]("mixed");
    assert.deepEqual([answer.state, answer.question], ["input_required", "go on?"]);
    const report = answer.artifacts.filter((artifact) => artifact.artifactId === "r1");
    assert.deepEqual(report.map((artifact) => artifact.parts[0].text), ["a file", " and more"]);
    const reply = answer.artifacts.filter((artifact) => artifact.name === "reply");
    assert.deepEqual(reply.flatMap((each) => each.parts.map((part) => part.content)), ["text", "data", "text"]);
  });
}

test("a failure half way keeps what was streamed", async () => {
  const answer = await plugin.streamAll("breaks");
  assert.deepEqual([answer.text, answer.state, answer.errorCode], ["some", "failed", "half_way"]);
});

const MISTAKES = { bug: /^TypeError: /, object: /^TypeError: .*Date/, state: /^TypeError: .*nonsense/, text: /only words/ };
for (const [text, words] of Object.entries(MISTAKES)) {
  test(`a mistake is told by class and words, its stack only logged: ${text}`, async () => {
    const answer = await both(text);
    assert.match(answer.error, words);
    assert.deepEqual([answer.state, answer.errorCode], ["failed", "agent_error"]);
    assert.doesNotMatch(answer.error, /main\.js/);
  });
}

test("a rejection says why", async () => {
  const answer = await both("reject");
  assert.deepEqual([answer.state, answer.question], ["rejected", "not this"]);
});

test("the turn tells what was sent", async () => {
  const answer = await plugin.send(["about", { x: 1 }], {
    metadata: { k: "v" }, taskId: "t1", contextId: "c1", messageId: "m1", caller: "user:ann",
    history: [new Message("earlier", { role: "user" }), new Message("asked")],
    acceptedOutputModes: ["text/plain"],
  });
  assert.equal(answer.error, "");
});

test("what a turn tells its author", async () => {
  const answer = await plugin.send("about", {
    metadata: { k: "v" }, taskId: "t1", contextId: "c1", messageId: "m1", caller: "user:ann",
    history: [new Message("earlier", { role: "user" }), new Message("asked")],
    acceptedOutputModes: ["text/plain"],
  });
  assert.deepEqual(answer.parts[0].data, {
    kinds: ["text"], metadata: { k: "v" }, config: { colour: "red", api_key: "s3cret" },
    ids: ["t1", "c1", "m1", "shape"], caller: "user:ann",
    history: [["user", "earlier"], ["agent", "asked"]],
    secondsLeft: null, modes: ["text/plain"], cancelled: false,
  });
});

test("the payload of the first sketch is read", async () => {
  const request = plugin.request("new words");
  request.message.parts = [];
  request.message.payload = { text: { content: "old words" } };
  const { events } = await plugin.call("ProcessMessage", request);
  assert.equal(events[0].artifact.artifact.parts[0].text, "old words");
});

test("redelivery makes the same artifact again", async () => {
  const request = plugin.request("hello");
  const answers = [await plugin.call("ProcessMessage", request), await plugin.call("ProcessMessage", request)];
  assert.deepEqual(answers[0], answers[1]);
});

test("cancelling a stream closes the adapter's generator", async () => {
  const note = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "note-")), "note");
  for await (const _ of plugin.stream("tokens", { metadata: { pause: 20, note } })) break;
  await until(() => fs.existsSync(note));
  assert.equal((await plugin.health()).inFlight, 0);
});

test("one that does not look at its signal is in flight no longer, either", async () => {
  const request = plugin.request("deaf", { metadata: { seconds: 3 } });
  await assert.rejects(plugin.call("ProcessMessage", request, 0.2), { code: DEADLINE_EXCEEDED });
  await until(async () => (await plugin.health()).inFlight === 0);
});

test("a turn that is not done by its deadline is stopped, and says so", async () => {
  for (const text of ["nap", "deaf"]) {
    const answer = await plugin.send(text, { metadata: { seconds: 3 }, deadlineMs: Date.now() + 150 });
    assert.deepEqual([answer.state, answer.errorCode], ["failed", "deadline_exceeded"]);
  }
});

test("an answer that is too large fails alone", async () => {
  await assert.rejects(plugin.send("big"), { code: 8 });
  assert.equal((await plugin.send("still there")).text, "still there");
});

test("prints and logs go to stderr with ids", async () => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const fields = { taskId: "t9", traceparent: `00-${trace}-b7ad6b7169203331-01` };
  await plugin.send("console", fields);
  await plugin.send("log", fields);
  for (const [message, level] of [["a banner", "warning"], ["look at this", "info"]]) {
    const line = logLines().find((each) => each.message === message);
    assert.deepEqual([line.level, line.task_id, line.trace_id, line.plugin], [level, "t9", trace, "shapes"]);
  }
});

test("a line has at most 16 KiB", async () => {
  await plugin.send("long");
  assert.ok(plugin.log.split("\n").every((line) => Buffer.byteLength(line) < 16 * 1024));
});

test("a promise that nobody looks at ends nothing but is logged", async () => {
  assert.equal((await plugin.send("stray")).text, "fine");
  await until(() => plugin.log.includes("nobody looks"));
  assert.equal((await plugin.send("hello")).text, "hello");
});

test("a throw out of nowhere ends the process, which says why", async () => {
  const own = await PluginProcess.start(SHAPES);
  await assert.rejects(own.send("crash"));
  assert.equal(await own.wait(), 1);
  assert.match(own.log, /out of nowhere/);
  await own.end();
});

test("models and tools are listed, and tools run", async () => {
  const { models } = await plugin.call("GetSupportedModels");
  assert.deepEqual(models.map((model) => [model.id, model.provider]), [["small", ""], ["large", "us"]]);
  const { tools } = await plugin.call("ListTools");
  assert.deepEqual(tools.map((tool) => tool.name), ["add", "fail"]);
  const call = (toolName, args) => plugin.call("ExecuteTool", { toolName, argumentsJson: JSON.stringify(args) });
  assert.equal((await call("add", { a: 1 })).resultJson, "2");
  assert.equal((await call("add", { a: "x" })).errorCode, "invalid_arguments");
  assert.deepEqual((await call("fail", {})).errorCode, "luck");
  await assert.rejects(call("nothing", {}), { code: NOT_FOUND });
});

test("a configuration is checked against its schema, which fills in what is left out", async () => {
  assert.equal((await plugin.send("config")).parts[0].data.size, 3);
  const told = await plugin.call("ValidateConfig", { configJson: '{"size": 0, "colour": "green"}' });
  assert.deepEqual(told.fieldErrors.map((error) => error.field), ["size", "colour"]);
  assert.doesNotMatch(told.error, /green/);
  // Of an agent that somebody is about to make, too.
  const toCome = await plugin.call("ValidateConfig", { agentId: "to-come", configJson: "{}" });
  assert.equal(toCome.success, true);
  const info = await plugin.call("GetInfo");
  assert.deepEqual([info.liveConfig, info.sdk], [true, "node-0.1.0"]);
  assert.equal(JSON.parse(info.configSchemaJson).type, "object");
});

test("new configuration is taken live, or with the next start", async () => {
  const update = (config) => plugin.call("UpdateConfig", { configJson: JSON.stringify(config) });
  assert.deepEqual((await update({ later: 1 })).restartNeeded, true);
  assert.equal((await update({ token: "t2", size: 5 })).success, true);
  const { configJson } = await plugin.call("GetConfig");
  assert.deepEqual(JSON.parse(configJson), { token: "********", size: 5 });
});

test("an agent's configuration may be refused, and its secrets are not shown", async () => {
  const bad = await plugin.call("CreateAgent", { id: "other", configJson: '{"bad": 1}' });
  assert.deepEqual([bad.success, bad.error], [false, "bad is set"]);
  const { configJson } = await plugin.call("GetConfig", { agentId: "shape" });
  assert.equal(JSON.parse(configJson).api_key, "********");
});

test("state moves to another process in two steps", async () => {
  const heir = await PluginProcess.start(SHAPES);
  await plugin.send("remember", { metadata: { word: "first" } });
  const first = await plugin.saveState();
  assert.equal((await heir.loadState(first)).loaded, 1);
  await plugin.send("remember", { metadata: { word: "second" } });
  const then = await plugin.saveState(first.at(-1).version);
  await heir.loadState(then);
  assert.equal((await heir.send("recall")).text, "second");
  const refused = await heir.loadState([{ key: "a", value: Buffer.from("no json") }]);
  assert.deepEqual([refused.success, refused.error.startsWith("SyntaxError")], [false, true]);
  await heir.end();
});

test("it says when it is not well", async () => {
  await plugin.send("sicken");
  const health = await plugin.health();
  assert.deepEqual([health.status, health.detail], [1, "a cold"]);
});

test("tool calls, usage and a form are seen by who follows the task", async () => {
  for (const send of ["send", "streamAll"]) {
    const answer = await plugin[send]("works", { metadata: { ask: true } });
    assert.deepEqual(answer.toolCalls, [{ id: "c1", name: "clock", arguments: { zone: "UTC" } }]);
    assert.deepEqual(answer.toolResults, [
      { id: "c1", name: "clock", result: "noon" },
      { id: "c2", name: "clock", error: "it broke" },
    ]);
    assert.deepEqual(answer.usage, [{ model: "m", inputTokens: 5, outputTokens: 2, cost: 0.75, currency: "USD" }]);
    assert.deepEqual([answer.state, answer.question, answer.form], ["input_required", "go on?", { type: "boolean" }]);
  }
});

test("a conversation's memory comes with its next turn, and a turn that fails leaves it", async () => {
  const conversation = { contextId: "remembered" };
  assert.equal((await plugin.send("works", conversation)).text, "turn 1");
  const failed = await plugin.streamAll("forgets", conversation);
  assert.deepEqual([failed.errorCode, failed.failure, failed.memory], ["limited", { retryAfterSeconds: 7 }, null]);
  assert.equal((await plugin.streamAll("works", conversation)).text, "turn 2");
  assert.equal((await plugin.send("counted", conversation)).text, "3");
  assert.equal((await plugin.send("none", conversation)).memory, null);
  assert.equal((await plugin.send("works", { contextId: "another" })).text, "turn 1");
});

test("a turn's token is the author's to use", async () => {
  const answer = await plugin.send("token", { turnToken: "t0k", agentxUrl: "http://agentx" });
  assert.deepEqual(answer.parts[0].text ?? answer.parts[0].data, ["t0k", "http://agentx"]);
});
