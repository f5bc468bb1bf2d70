/** Agents and supervisors of Mastra from a configuration, on a demo model. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Part } from "@agentx/sdk";

import { created, folderOf, hosting, model, until } from "./plugin.js";
import { SCHEMAS, manifest } from "./schemas.js";

const SHAPE = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
  additionalProperties: false,
};
const AGENTS = {
  plain: { tools: ["clock", "calculator", { code: "tools.js:roll" }] },
  shaped: { output_schema: SHAPE },
  supervisor: {
    members: [
      { name: "helper", description: "Helps.", instructions: "reply: helper heard {text}", model: model({ name: "demo-helper", input_price: 1, output_price: 1 }) },
      { name: "clerk", instructions: "You count.", tools: ["calculator"] },
    ],
  },
  sighted: { model: model({ vision: true }) },
  answers: { model: model({ api: "responses" }), tools: ["calculator"] },
  short: { limits: { max_steps: 2 }, members: [{ name: "clerk", tools: ["calculator"] }] },
  weather: { code: "weather.js:agent", instructions: "You tell the weather.", tools: ["calculator"] },
  porter: { code: "office.js:office" },
};
let plugin;

before(async () => {
  plugin = await hosting(AGENTS);
});
after(() => plugin.end());

test("plugin.yaml has the schemas of config.js", () => {
  const told = manifest();
  for (const [name, schema] of Object.entries(SCHEMAS)) assert.deepEqual(told[name], schema, "run `node tests/schemas.js`");
});

test("the agents of plugin.yaml are made", async () => {
  for (const { slug, config } of manifest().agents) {
    const { success, error } = await created(plugin, slug, config);
    assert.ok(success, error);
  }
});

test("tools are called at once, and shown with the ids that the model gave them", async () => {
  const text = 'use clock and use calculator {"expression": "6*7"} and use roll {"sides": 2}';
  const answer = await plugin.streamAll(text, { agent: "plain" });
  assert.deepEqual(answer.toolCalls.map((call) => call.name), ["clock", "calculator", "roll"]);
  assert.deepEqual(new Set(answer.toolResults.map((result) => result.id)), new Set(answer.toolCalls.map((call) => call.id)));
  assert.equal(answer.toolResults.find((result) => result.name === "calculator").result, 42);
});

test("an answer with a shape is data, and remembered", async () => {
  const conversation = { agent: "shaped", contextId: "s" };
  const answer = await plugin.send("Oslo", conversation);
  assert.deepEqual(answer.parts, [new Part({ data: { city: "Oslo", days: 1 } })]);
  assert.match(String(plugin.memories.get("shaped/s")), /"data":\{"city":"Oslo"/);
});

test("a model's answer that has not the shape fails the task", async () => {
  const { state, errorCode } = await plugin.send("!words 3", { agent: "shaped" });
  assert.deepEqual([state, errorCode], ["failed", "output_invalid"]);
});

test("sub-agents are asked, with what they take and what they do", async () => {
  const answer = await plugin.streamAll('use agent-helper {"prompt": "hi"}', { agent: "supervisor" });
  assert.equal(answer.text, "The tool says: helper heard hi.");
  assert.deepEqual(answer.toolCalls.map((call) => [call.name, call.arguments]), [["agent-helper", { prompt: "hi" }]]);
  assert.deepEqual(answer.toolResults.map((result) => result.result), ["helper heard hi"]);
  const [own, helper] = ["demo", "demo-helper"].map((name) => answer.usage.find((each) => each.model === name));
  assert.deepEqual([own.cost, helper.cost > 0, helper.outputTokens], [undefined, true, 3]);
});

test("a sub-agent's tools are shown too", async () => {
  const text = 'use agent-clerk {"prompt": "use calculator {\\"expression\\": \\"2*4\\"}"}';
  const answer = await plugin.streamAll(text, { agent: "supervisor" });
  assert.deepEqual(answer.toolCalls.map((call) => call.name), ["agent-clerk", "calculator"]);
  assert.deepEqual(answer.toolResults.map((result) => result.result), [8, "The tool says: 8."]);
});

test("the requests of sub-agents count", async () => {
  const text = 'use agent-clerk {"prompt": "use calculator {\\"expression\\": \\"2*4\\"}"}';
  const answer = await plugin.streamAll(text, { agent: "short" });
  assert.deepEqual([answer.state, answer.errorCode], ["failed", "too_many_steps"]);
});

test("pictures are shown to a model that takes them, and named to others", async () => {
  const picture = new Part({ raw: Buffer.from("iVBORw0KGgo=", "base64"), mediaType: "image/png", filename: "cat.png" });
  const link = new Part({ url: "https://example.com/a.png" });
  assert.match((await plugin.send(["look", picture, link], { agent: "sighted" })).text, /I see 2 pictures/);
  assert.match((await plugin.send(["look", picture], { agent: "plain" })).text, /cat.png/);
});

test("a model is asked by the responses API where it is configured so", async () => {
  const answer = await plugin.streamAll('use calculator {"expression": "1+1"}', { agent: "answers" });
  assert.deepEqual([answer.text, answer.usage[0].outputTokens > 0], ["The tool says: 2.", true]);
  assert.equal((await plugin.send("!status 401", { agent: "answers" })).errorCode, "model_unauthorized");
});

test("an author's agent gets the model and the tools, and its own tools are shown", async () => {
  const answer = await plugin.streamAll('use forecast {"city": "Bergen"}', { agent: "weather" });
  assert.deepEqual(answer.toolCalls.map((call) => call.name), ["forecast"]);
  assert.deepEqual(answer.toolResults[0].result, { sky: "rain", degrees: 6 });
  const own = await plugin.send('use calculator {"expression": "2+2"}', { agent: "weather" });
  assert.deepEqual([own.text, own.toolCalls.length], ["The tool says: 4.", 1]);
  assert.match((await plugin.send("hello", { agent: "porter" })).text, /the porter heard hello/);
});

test("what an author's code may do wrong is told, and the process lives on", async (context) => {
  const files = {
    "raises.mjs": 'export function agent() { throw new RangeError("out of order"); }',
    "other.mjs": "export const agent = { some: 'thing' };",
    "syntax.mjs": "export const agent = ;",
    "exits.mjs": 'import "nowhere-to-be-found"; export const agent = 1;',
  };
  const folder = folderOf(files, context);
  const wrong = { "raises.mjs": /RangeError: out of order/, "other.mjs": /no Agent, Workflow or Mastra/, "syntax.mjs": /SyntaxError/, "exits.mjs": /nowhere-to-be-found/ };
  for (const [name, words] of Object.entries(wrong)) {
    const { success, error } = await created(plugin, "wrong", { code: `${folder}/${name}:agent` });
    assert.deepEqual([success, words.test(error)], [false, true], error);
  }
  assert.equal((await plugin.send("hello", { agent: "plain" })).text, "You said: hello");
});

for (const [name, config, words] of [
  ["two members of one name", { members: [{ name: "a" }, { name: "a" }] }, /two members named a/],
  ["a member's model that is not known", { members: [{ name: "a", model: "nope" }] }, /"nope" is not one of/],
  ["a member's tool that is not there", { members: [{ name: "a", tools: ["nope"] }] }, /no tool "nope"/],
  ["what the schema does not know", { members: [{ nome: "a" }] }, /members.0.nome is not known/],
]) test(`it refuses ${name}`, async () => assert.match((await created(plugin, "wrong", config)).error, words));

test("an agent that is changed keeps its conversations", async () => {
  const conversation = { agent: "changing", contextId: "kept" };
  await created(plugin, "changing", { instructions: "one" });
  await plugin.send("my name is Zoe", conversation);
  const config = JSON.stringify({ members: [{ name: "helper" }] });
  assert.equal((await plugin.call("UpdateConfig", { agentId: "changing", configJson: config })).success, true);
  assert.match((await plugin.send("what is my name", conversation)).text, /Zoe/);
});

test("a caller that leaves takes the sub-agent's request along", async () => {
  const counted = async () => (await (await fetch(new URL("/stub/requests", model().base_url))).json());
  const text = 'use agent-clerk {"prompt": "\\u0021hang"}'; // an order for the sub-agent's model only
  for await (const response of plugin.stream(text, { agent: "supervisor" })) {
    if (response.events.some((event) => event.status)) break;
  }
  await until(async () => (await plugin.health()).inFlight === 0);
  await until(async () => (await counted()).counters.active === 0);
});
