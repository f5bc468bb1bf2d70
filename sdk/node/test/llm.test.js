/** The kit of plugins around a model: models, messages, tools, own code, failures, exchanges, requests. */

import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { Agent, ConfigError, InputRequired, Part, TaskFailed, Tool, ToolCall, ToolResult, Turn, Usage } from "@agentx/sdk";
import { ChatMessage, LLMAdapter, failures, loaded, made, messages, modelFetch, priced } from "@agentx/sdk/llm";

import { TOOLS } from "../src/llm/builtin.js";
import { Exchange } from "../src/llm/exchange.js";
import { listed, resolved } from "../src/llm/models.js";
import { Remote, follows } from "../src/llm/remote.js";
import { AgentTool, toolsOf } from "../src/llm/tools.js";
import { Gate, Order } from "../src/llm/waiting.js";
import { mistakes } from "../src/schema.js";

const OWN = new URL("own/", import.meta.url).pathname;
const LIMITS = { max_steps: 3, turn_seconds: 5, tool_seconds: 0.3, tool_result_bytes: 256 };
const SPEC = { tools: [], limits: LIMITS, memory: { enabled: true, max_messages: 6, max_bytes: 100_000 } };
const MODEL = { base_url: "http://model/v1", name: "m", api_key: "k" };

function turnOf(text, { memory = Buffer.alloc(0), contextId = "c", ...more } = {}) {
  const message = { id: "m", parts: [{ content: "text", text, metadata: "" }], metadataJson: "", metadata: {} };
  const request = { message, history: [], contextId, taskId: "t", requestId: "r", memory, metadataJson: "", ...more };
  return new Turn(request, new Agent({ id: "a", config: SPEC }));
}

const servers = [];
after(() => servers.forEach((server) => server.closeAllConnections() ?? server.close()));

async function serving(answer) {
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => answer(request, response, body));
  });
  servers.push(server);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

// ---- Models

test("an agent's model is its own settings over the plugin's", () => {
  const plugin = { model: { ...MODEL, temperature: 0.5 }, models: { large: { name: "l", temperature: 0 } } };
  const large = resolved("large", plugin);
  assert.deepEqual([large.name, large.base_url, large.temperature, large.api, large.max_retries], ["l", "http://model/v1", 0, "chat", 2]);
  assert.equal(resolved({ base_url: "http://other/v1" }, plugin).api_key, "", "a key goes to nobody else");
  assert.equal(resolved({ base_url: "http://model/v1" }, plugin).api_key, "k");
  assert.deepEqual(listed(plugin).map((model) => model.id), ["m", "large"]);
  assert.throws(() => resolved("small", plugin, "members.0.model"), (error) => /large/.test(error.fields["members.0.model"]));
  assert.throws(() => resolved("", {}), /AGENTX_MODEL_URL/);
  const openai = { model: { base_url: "https://api.openai.com/v1/", name: "m" } };
  assert.throws(() => resolved("", openai), (error) => error.fields["model.api_key"] === "is missing");
});

test("what tokens cost is told where both prices are", () => {
  assert.equal(priced({ name: "m", input_price: 2, output_price: 4, currency: "EUR" }, 500_000, 250_000).cost, 2);
  assert.equal(priced({ name: "m", input_price: 2 }, 1, 1).cost, null);
});

// ---- Messages

test("messages are told as JSON and come back", () => {
  const all = [
    new ChatMessage("user", { name: "ann", parts: [
      new Part({ text: "" }), new Part({ data: null }), new Part({ raw: Buffer.from([0, 255]), mediaType: "image/png", filename: "p.png" }),
      new Part({ url: "http://x/y.png", metadata: { a: 1 } }),
    ] }),
    new ChatMessage("assistant", { calls: [new ToolCall("1", "t", { a: [1] })] }),
    new ChatMessage("tool", { results: [new ToolResult("1", "t", { result: 0 }), new ToolResult("2", "t", { error: "no" })] }),
  ];
  const told = JSON.parse(JSON.stringify(messages.toJson(all)));
  assert.deepEqual(messages.fromJson(told), all);
  assert.deepEqual(told[2], { role: "tool", results: [
    { id: "1", name: "t", result: 0, error: "" }, { id: "2", name: "t", result: null, error: "no" },
  ] });
});

test("a history is in order, bounded, and begins with a user's message", () => {
  const call = new ToolCall("1", "t");
  const lost = new ToolCall("2", "t");
  const said = [
    messages.said("user", "a"), new ChatMessage("assistant", { calls: [call, lost] }), messages.said("assistant", "b"),
    new ChatMessage("tool", { results: [new ToolResult("1", "t")] }), messages.said("user", "c"),
  ];
  const roles = messages.inOrder(said).map((each) => `${each.role}${each.calls.length}`);
  assert.deepEqual(roles, ["user0", "assistant1", "tool0", "assistant0", "user0"]);
  assert.deepEqual(messages.newest(said, 3, 1e6).map((each) => each.text), ["c"]);
  assert.deepEqual(messages.newest(said, 9, 60).map((each) => each.text), ["c"]);
  const heavy = messages.lightened(new ChatMessage("user", { parts: [new Part({ raw: Buffer.alloc(20_000), filename: "a.bin" })] }));
  assert.equal(heavy.text, "[a.bin, unknown type, 20000 bytes]");
});

test("what a model cannot read is named in words", () => {
  const words = (fields) => messages.wordsOf(new Part(fields));
  assert.equal(words({ raw: Buffer.from("hi"), filename: "a.txt" }), "[a.txt]\nhi");
  assert.equal(words({ url: "http://x/a.pdf" }), "[application/pdf: http://x/a.pdf]");
  assert.equal(words({ data: { a: 1 } }), '{"a":1}');
  assert.ok(messages.isPicture(new Part({ url: "http://x/A.PNG?big" })));
});

// ---- Tools

for (const [expression, value] of Object.entries({
  "(2 + 3) * 4": 20, "2**3**2": 512, "-2**2": -4, "7 // -2": -4, "-7 % 3": 2, "1e3/4": 250, " .5 + 1 ": 1.5, "--1": 1, "2**-1": 0.5,
})) test(`the calculator works out ${expression}`, () => assert.equal(TOOLS.calculator.run({ expression }), value));

for (const expression of ["", "1 +", "(1", "1)", "1 2", "process.exit()", "1/0", "10**101", "9**99**9", "1".repeat(201), "1_0"]) {
  test(`the calculator refuses ${expression.slice(0, 20)}`, () => assert.throws(() => TOOLS.calculator.run({ expression })));
}

const one = async (told) => (await toolsOf([told], LIMITS, [OWN]))[0];

test("own functions are tools, in threads of their own", async () => {
  const add = await one({ code: "tools.js:add", name: "plus" });
  assert.deepEqual([add.name, add.description], ["plus", "Adds."]);
  assert.equal((await add.call({ a: 2 })).result, 3);
  assert.equal((await add.call({ b: 2 })).error, "a is missing");
  const shout = await one({ code: "tools.js:shout", description: "Loud." });
  assert.deepEqual([shout.name, shout.description, await shout.answer({ text: "é" })], ["shout", "Loud.", "É"]);
  [add, shout].forEach((tool) => tool.close());
});

for (const name of ["spin", "never"]) {
  test(`a tool that never returns is ended, and the next call is served: ${name}`, async () => {
    const tool = await one({ code: `tools.js:${name}` });
    for (let time = 0; time < 2; time += 1) assert.equal((await tool.call({})).error, "it did not return within 0.3 s");
    tool.close();
  });
}

test("a tool that throws, or ends its thread, says so", async () => {
  assert.equal((await (await one({ code: "tools.js:breaks" })).call({})).error, "RangeError: no luck");
  assert.equal((await (await one({ code: "tools.js:leaves" })).call({})).error, "Error: its thread has ended");
});

test("many calls at once share a few threads", async () => {
  const [nap] = await toolsOf([{ code: "tools.js:nap" }], { ...LIMITS, tool_seconds: 20 }, [OWN]);
  const results = await Promise.all(Array.from({ length: 40 }, () => nap.call({ ms: 1 })));
  assert.deepEqual(new Set(results.map((each) => each.error || each.result)), new Set(["slept"]));
  nap.close();
});

test("what a tool gives is cut at its limit, between characters", async () => {
  const { result } = await (await one({ code: "tools.js:big" })).call({});
  assert.equal(result, `${"é".repeat(128)} … (cut at 256 bytes)`);
});

for (const [told, field, words] of [
  ["abacus", "tools.0", /one of calculator, clock/],
  [{}, "tools.0", /one of agent and code/],
  [{ agent: "a", code: "b" }, "tools.0", /one of agent and code/],
  [{ code: "tools.js:nothing" }, "tools.0.code", /has no "nothing"/],
  [{ code: "tools.js:notAFunction" }, "tools.0.code", /not a function/],
  [{ code: "broken.js:default" }, "tools.0.code", /does not import: .*there-is-no-such-package/],
  [{ code: "nowhere.js:x" }, "tools.0.code", /there is no file nowhere.js/],
  [{ code: "tools.js" }, "tools.0.code", /must be folder/],
]) {
  test(`a tool that cannot be is refused: ${JSON.stringify(told)}`, async () => {
    await assert.rejects(one(told), (error) => error instanceof ConfigError && words.test(error.fields[field]));
  });
}

test("two tools of one name are refused", async () => {
  await assert.rejects(toolsOf(["clock", { agent: "x", name: "clock" }], LIMITS), (error) => /two tools/.test(error.fields["tools.1"]));
});

// ---- Own code

test("own code is imported once, and anew when it changed", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "own-"));
  const write = (value) => fs.writeFileSync(path.join(folder, "it.mjs"), `export const it = { a: {} , value: ${value} };`);
  const of = async (code) => (await loaded(code, [folder])).object;
  write(1);
  const first = await of("it.mjs:it");
  assert.equal(await of("it.mjs:it"), first);
  assert.equal(await of("it.mjs:it.value"), 1);
  write(2);
  assert.equal((await of("it.mjs:it")).value, 2);
  fs.writeFileSync(path.join(folder, "needs.mjs"), 'export { Adapter } from "@agentx/sdk";');
  assert.equal((await of("needs.mjs:Adapter")).name, "Adapter", "it is lent the plugin's packages");
  fs.rmSync(folder, { recursive: true });
});

test("a plain function makes the object, a class is one, and one with a then of its own is not waited for", async () => {
  const of = async (name) => made(await loaded(`tools.js:${name}`, [OWN]), { config: 1 });
  assert.deepEqual((await of("made")).object, { made: 1 });
  assert.equal((await of("Kind")).object.name, "Kind");
  for (const name of ["chained", "makesChained"]) assert.equal(typeof (await of(name)).object.then, "function");
});

// ---- Failures

const api = (statusCode, message, responseHeaders = {}) => Object.assign(new Error("wrapped"), { statusCode, data: { error: { message } }, responseHeaders });
for (const [error, code] of [
  [api(401, "no"), "model_unauthorized"], [api(403, "no"), "model_unauthorized"], [api(404, "no"), "model_not_found"],
  [api(429, "no"), "model_rate_limited"], [api(504, "no"), "model_timeout"], [api(400, "maximum context length"), "context_too_long"],
  [api(400, "no"), "model_refused"], [api(500, "no"), "model_failed"],
  [new DOMException("late", "TimeoutError"), "model_timeout"],
  [Object.assign(new Error("Cannot connect to API: bad port"), { name: "AI_APICallError" }), "model_unreachable"],
  [Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("x"), { code: "ECONNREFUSED" }) }), "model_unreachable"],
  [new AggregateError([new Error("a"), new TaskFailed("b", "c")]), "c"],
  [Object.assign(new Error("JSON parsing failed"), { name: "AI_JSONParseError" }), "model_failed"],
  [Object.assign(new Error("ended without a finish reason"), { name: "AI_InvalidResponseDataError" }), "model_failed"],
]) test(`what a model says is told as ${code}`, () => assert.equal(failures.failureOf(new Error("framework", { cause: error })).code, code));

test("a rate limit says when to try again, and other errors are no model's", () => {
  const limited = failures.failureOf(api(429, "no", { "retry-after": "7" }));
  assert.deepEqual([limited.metadata, /try again in 7 s/.test(limited.reason)], [{ retryAfterSeconds: 7 }, true]);
  assert.equal(failures.failureOf(new TypeError("x is not a function")), null);
});

// ---- Requests

test("a request is tried again, and the last answer is given", async () => {
  let count = 0;
  const tries = [];
  const url = await serving((request, response) => tries.push(request.headers["x-stainless-retry-count"]) && response.writeHead((count += 1) < 3 ? 500 : 200, { "retry-after": "0.01" }).end("ok"));
  const answer = await modelFetch({ ...MODEL, max_retries: 2, timeout_seconds: 5 })(url);
  assert.deepEqual([answer.status, await answer.text(), count], [200, "ok", 3]);
  assert.deepEqual(tries, [undefined, "1", "2"]);
  count = 0;
  const refused = await modelFetch({ ...MODEL, max_retries: 0, timeout_seconds: 5 })(url);
  assert.deepEqual([refused.status, count], [500, 1]);
});

test("a model that is silent is given up, at the beginning and in the middle", async () => {
  const url = await serving((request, response) => (request.url === "/hang" ? undefined : response.writeHead(200).write("some")));
  const ask = modelFetch({ ...MODEL, max_retries: 0, timeout_seconds: 0.1 });
  await assert.rejects(ask(`${url}/hang`), { name: "TimeoutError" });
  const begun = await ask(`${url}/stall`);
  await assert.rejects(begun.text(), { name: "TimeoutError" });
});

test("a request that nobody waits for is dropped", async () => {
  let gone;
  const left = new Promise((resolve) => (gone = resolve));
  const url = await serving((request, response) => {
    response.writeHead(200).write("some");
    request.socket.once("close", gone);
  });
  const controller = new AbortController();
  const answer = await modelFetch({ ...MODEL, max_retries: 2, timeout_seconds: 5 })(url, { signal: controller.signal });
  controller.abort();
  await assert.rejects(answer.text());
  await left;
});

// ---- Turns

class Parrot extends LLMAdapter {
  built = 0;
  released = [];
  config = { model: MODEL };
  seen = [];

  build(agent, tools) {
    this.built += 1;
    return { tools, number: this.built };
  }

  release(native) {
    this.released.push(native.number);
  }

  async *converse(native, exchange) {
    const { text } = exchange.turn;
    this.seen.push(exchange.messages.map((each) => each.text || each.role));
    yield new Usage("m", { inputTokens: 1, outputTokens: 1 });
    if (text === "tool") yield await native.tools[0].answer({ expression: "1+1" });
    if (text === "fail") {
      yield new Usage("m", { inputTokens: 1, outputTokens: 2 });
      throw api(401, "no");
    }
    if (text === "hang") await new Promise(() => {});
    if (text === "ask") yield new InputRequired("which?");
    if (text === "round") for (;;) exchange.step();
    exchange.memberSaid("ann", "hm");
    yield "you said ";
    yield text;
  }
}

async function parrot(spec = {}) {
  const adapter = new Parrot();
  const config = { ...SPEC, ...spec, tools: ["calculator"] };
  await adapter.createAgent(new Agent({ id: "a", config }));
  return adapter;
}

async function all(adapter, turn) {
  const items = [];
  for await (const item of adapter.process(turn)) items.push(item);
  return items;
}

test("what was said is remembered, with the tools", async () => {
  const adapter = await parrot();
  const first = turnOf("tool");
  const items = await all(adapter, first);
  assert.deepEqual(items.map((item) => item.constructor.name), ["Usage", "ToolCall", "ToolResult", "String", "Status", "String", "String"]);
  await all(adapter, turnOf("again", { memory: first.memoryToKeep() }));
  assert.deepEqual(adapter.seen[1], ["tool", "assistant", "tool", "2you said tool", "again"]);
  const asked = turnOf("ask");
  for await (const item of adapter.process(asked)) if (item instanceof InputRequired) break;
  assert.equal(asked.memory.get("messages").length, 1, "it is kept before the turn ends");
});

test("a failure says what was used, and a turn that goes round ends", async () => {
  const adapter = await parrot();
  const usage = [{ model: "m", inputTokens: 2, outputTokens: 3 }];
  await assert.rejects(all(adapter, turnOf("fail")), { code: "model_unauthorized", metadata: { agentx: { usage } } });
  await assert.rejects(all(adapter, turnOf("round")), { code: "too_many_steps" });
  const impatient = await parrot({ limits: { ...LIMITS, turn_seconds: 0.05 } });
  await assert.rejects(all(impatient, turnOf("hang")), { code: "turn_timeout" });
});

test("turns of one conversation come one at a time, and a cancelled one lets go", async () => {
  const adapter = await parrot();
  const hanging = turnOf("hang");
  const first = all(adapter, hanging);
  const second = all(adapter, turnOf("second"));
  const other = await all(adapter, turnOf("other", { contextId: "elsewhere" }));
  assert.equal(other.at(-1), "other");
  assert.deepEqual(adapter.seen.map((each) => each.at(-1)), ["hang", "other"]);
  const waiting = turnOf("waiting");
  const third = all(adapter, waiting);
  waiting.cancel();
  await assert.rejects(third);
  hanging.cancel();
  await assert.rejects(first);
  assert.equal((await second).at(-1), "second");
});

test("an agent that is built again lets the old one finish", async () => {
  const adapter = await parrot();
  const turn = turnOf("hang");
  const running = all(adapter, turn);
  await new Promise(setImmediate);
  assert.equal(await adapter.updateConfig({ ...SPEC, tools: [] }, new Agent({ id: "a", config: SPEC })), false);
  assert.deepEqual([adapter.built, adapter.released], [2, []]);
  turn.cancel();
  await assert.rejects(running);
  while (!adapter.released.length) await new Promise(setImmediate);
  assert.deepEqual(adapter.released, [1]);
  await adapter.shutdown();
  assert.deepEqual(adapter.released, [1, 2]);
});

test("tools can be called from outside, within their limits", async () => {
  const adapter = await parrot();
  const agent = new Agent({ id: "a" });
  assert.deepEqual(adapter.tools(agent).map((tool) => tool.name), ["calculator"]);
  assert.equal(await adapter.executeTool("calculator", { expression: "2*3" }, agent), 6);
  await assert.rejects(adapter.executeTool("calculator", { expression: "x" }, agent), { code: "tool_error" });
});

test("a configuration is filled in from its schema", async () => {
  const config = {};
  assert.deepEqual(await mistakes(new LLMAdapter().agentConfigSchema, config), {});
  assert.deepEqual([config.limits.max_steps, config.memory.enabled, config.tools], [12, true, []]);
  assert.deepEqual(await mistakes(new LLMAdapter().configSchema, { model: { temperature: 3 } }), { "model.temperature": "must be <= 2" });
});

test("what begins at once begins one after the other", async () => {
  const gate = new Gate();
  const begun = [];
  const rounds = [];
  const tick = () => { rounds.push(begun.length); if (begun.length < 3) setImmediate(tick); };
  setImmediate(tick);
  await Promise.all([1, 2, 3].map(async (each) => { await gate.pass(); begun.push(each); }));
  assert.deepEqual([begun, rounds.at(0)], [[1, 2, 3], 1]);
});

test("an order forgets who left", async () => {
  const order = new Order();
  const signal = new AbortController().signal;
  const leave = await order.enter("k", signal);
  const next = order.enter("k", signal);
  leave();
  (await next)();
});

// ---- Other agents

test("another agent is asked by A2A, in the caller's name", async () => {
  const seen = [];
  const url = await serving((request, response, body) => {
    seen.push([request.url, request.headers.authorization, request.headers["a2a-version"], JSON.parse(body).message]);
    const events = [
      { task: { id: "t9", status: { state: "TASK_STATE_WORKING" } } },
      { artifactUpdate: { artifact: { parts: [{ text: "sun" }, { text: "ny" }] } } },
      { statusUpdate: { taskId: "t9", status: { state: "TASK_STATE_COMPLETED" } } },
    ];
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
  });
  const [ask] = await toolsOf([{ agent: "weather-man" }], LIMITS);
  const exchange = new Exchange(turnOf("x", { turnToken: "tok", agentxUrl: `${url}/` }), SPEC, new Remote());
  assert.equal(ask.name, "ask_weather_man");
  assert.equal((await ask.call({ message: "how is it?" }, { exchange })).result, "sunny");
  const [[path, token, version, message]] = seen;
  assert.deepEqual([path, token, version], ["/a2a/weather-man/message:stream", "Bearer tok", "1.0"]);
  assert.deepEqual([message.parts, message.contextId], [[{ text: "how is it?" }], follows("c/a")]);
});

test("an agent that asks back is answered by its task; one that cannot be asked says why", async () => {
  const bodies = [];
  const url = await serving((_, response, body) => {
    bodies.push(JSON.parse(body).message);
    if (bodies.length === 3) return response.writeHead(403, { "content-type": "application/json" }).end('{"error": {"message": "hop limit"}}');
    const state = bodies.length === 1 ? "TASK_STATE_INPUT_REQUIRED" : "TASK_STATE_COMPLETED";
    const status = { state, message: { parts: [{ text: "which?" }] } };
    return response.end(`data: ${JSON.stringify({ task: { id: "t9", status } })}\n\n`);
  });
  const [ask] = await toolsOf([{ agent: "w" }], LIMITS);
  const exchange = new Exchange(turnOf("x", { turnToken: "tok", agentxUrl: url }), SPEC, new Remote());
  const call = async (message) => { const { result, error } = await ask.call({ message }, { exchange }); return result ?? error; };
  assert.equal(await call("a"), "The agent asks before it goes on: which?");
  assert.equal(await call("b"), "which?");
  assert.deepEqual([bodies[1].taskId, bodies[1].contextId], ["t9", undefined]);
  assert.equal(await call("c"), "the agent w cannot be asked: hop limit");
  const alone = new Exchange(turnOf("x"), SPEC, new Remote());
  assert.match((await ask.call({ message: "a" }, { exchange: alone })).error, /gave no way/);
});

test("an agent that nobody waits for any more is cancelled", async () => {
  let cancelled;
  const told = new Promise((resolve) => (cancelled = resolve));
  const url = await serving((request, response) => {
    if (request.url.endsWith(":cancel")) return cancelled(request.url) ?? response.end("{}");
    return response.write(`data: ${JSON.stringify({ task: { id: "t9", status: { state: "TASK_STATE_WORKING" } } })}\n\n`);
  });
  const [ask] = await toolsOf([{ agent: "w" }], LIMITS);
  const remote = new Remote();
  const exchange = new Exchange(turnOf("x", { turnToken: "tok", agentxUrl: url }), SPEC, remote);
  assert.match((await ask.call({ message: "a" }, { exchange })).error, /did not return/);
  assert.equal(await told, "/a2a/w/tasks/t9:cancel");
  await remote.close();
});

test("a tool sees that the turn has ended", async () => {
  const turn = turnOf("x");
  const exchange = new Exchange(turn, SPEC, new Remote());
  let seen;
  const waits = new AgentTool(new Tool("waits", (_, { signal }) => new Promise((resolve) => { seen = signal; signal.addEventListener("abort", resolve); })), { ...LIMITS, tool_seconds: 60 });
  async function* converse() { yield await waits.answer({}, { exchange }); }
  const running = (async () => { for await (const _ of exchange.run(converse())); })();
  while (!seen) await new Promise(setImmediate);
  turn.cancel();
  await assert.rejects(running);
  assert.ok(seen.aborted);
});
