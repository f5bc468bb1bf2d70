/** Workflows of Mastra: from a configuration and of an author, on a demo model. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { created, hosting } from "./plugin.js";

const MEMBERS = [
  { name: "writer", instructions: "reply: draft of {text}" },
  { name: "critic", instructions: "reply: critic on {text}", tools: ["calculator"] },
  { name: "plain", instructions: "You answer." },
];
const flow = (...workflow) => ({ members: MEMBERS, tools: ["calculator"], workflow });
const say = (name, text) => ({ name, say: text });
const AGENTS = {
  row: flow({ name: "draft", agent: "writer" }, { name: "judged", agent: "critic" }, say("end", "{draft} / {judged} / {input}")),
  streamed: flow(say("hello", "{input}"), { name: "answer", agent: "plain", prompt: "{hello}" }),
  shaped: flow({
    name: "facts", agent: "plain",
    output_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
  }, say("end", "{facts.city}")),
  parallel: flow({
    name: "both",
    parallel: [{ name: "one", agent: "writer" }, { name: "two", tool: "calculator", arguments: { expression: "2*{input}" } }],
  }, say("end", "{one} and {both.two}")),
  branch: flow(
    { name: "way", branch: [
      { when: { contains: "CAT" }, steps: [say("cat", "miaow")] },
      { when: { of: "input", equals: "dog" }, steps: [{ name: "thought", agent: "writer" }, say("dog", "{thought}!")] },
      { when: { contains: "cow", not: true }, steps: [say("other", "what is a {input}?")] },
    ] },
    say("end", "{way}"),
  ),
  loop: flow({ name: "again", loop: { steps: [{ name: "told", agent: "plain", prompt: "{last}" }], until: { contains: "said: You said: You" }, most: 5 } }, say("end", "{told}")),
  endless: flow({ name: "again", loop: { steps: [say("told", "no")], until: { contains: "yes" }, most: 4 } }),
  asks: flow(
    { name: "draft", agent: "writer" },
    { name: "both", parallel: [{ name: "ok", ask: "Publish {draft}?" }, say("beside", "x")] },
    { name: "way", branch: [
      { when: { of: "ok.approved", equals: true }, steps: [{ name: "title", ask: "Which title?", schema: { type: "object", properties: { title: { type: "string" } }, required: ["title"] } }] },
      { steps: [say("dropped", "dropped: {ok.comment}")] },
    ] },
    say("end", "{draft}, {last.title}{dropped}"),
  ),
  rounds: flow({ name: "again", loop: { steps: [{ name: "ok", ask: "Enough?" }], until: { of: "ok.approved", equals: true }, most: 3 } }, say("end", "after {ok.comment}")),
  fails: flow({ name: "sum", tool: "calculator", arguments: { expression: "{input}" } }),
  remembers: flow({ name: "answer", agent: "plain", prompt: "{history}\n{input}" }),
  expenses: { code: "expenses.js:workflow" },
};
AGENTS.asks.workflow[3].say = "{draft}, {way}";
let plugin;

before(async () => {
  plugin = await hosting(AGENTS);
});
after(() => plugin.end());

const ask = (agent, text, more = {}) => plugin.streamAll(text, { agent, ...more });

test("steps come one after the other, and what members say is seen", async () => {
  const answer = await ask("row", "cats");
  assert.equal(answer.text, "draft of cats / critic on draft of cats / cats");
  const said = answer.events.filter((event) => event.status?.message).map((event) => event.status.message.parts[0]);
  assert.deepEqual(said.map((part) => [JSON.parse(part.metadata).agentx, part.text]), [
    [{ kind: "member", name: "writer" }, "draft of cats"],
    [{ kind: "member", name: "critic" }, "critic on draft of cats"],
  ]);
});

test("the last agent's answer comes in pieces", async () => {
  const answer = await ask("streamed", "one two three");
  assert.deepEqual([answer.text, answer.artifacts.length > 3], ["You said: one two three", true]);
});

test("a step's answer can have a shape", async () => assert.equal((await ask("shaped", "Oslo")).text, "Oslo"));

test("steps at the same time", async () => assert.equal((await ask("parallel", "21")).text, "draft of 21 and 42"));

for (const [text, answer] of [["A cat", "miaow"], ["dog", "draft of dog!"], ["hen", "what is a hen?"], ["cow", "cow"]]) {
  test(`the first branch that holds: ${text}`, async () => assert.equal((await ask("branch", text)).text, answer));
}

test("a loop ends when its condition holds", async () => {
  assert.equal((await ask("loop", "x")).text, "You said: You said: You said: x");
});

test("a loop without an end is ended", async () => {
  const { state, errorCode, error } = await ask("endless", "x");
  assert.deepEqual([state, errorCode, error], ["failed", "too_many_steps", "the loop again did not end within 4 rounds"]);
});

test("a question ends the turn, and the answer goes on, in another process too", async () => {
  const conversation = { contextId: "c", taskId: "t" };
  const asked = await ask("asks", "cats", conversation);
  assert.deepEqual([asked.state, asked.form.required], ["input_required", ["approved"]]);
  assert.match(asked.question, /^Publish draft of cats\?/);
  const another = await hosting(AGENTS);
  try {
    another.memories = plugin.memories;
    plugin.signal("SIGKILL");
    await plugin.wait();
    await plugin.end();
    plugin = another;
  } catch (error) {
    await another.end();
    throw error;
  }
  const more = await ask("asks", [{ approved: true }], conversation);
  assert.deepEqual([more.state, more.question], ["input_required", "Which title?"]);
  const done = await ask("asks", "All about cats", conversation);
  assert.deepEqual([done.state, done.text], ["completed", 'draft of cats, {"title":"All about cats"}']);
});

test("an answer that does not fit is asked for again, and words are understood", async () => {
  const conversation = { contextId: "d", taskId: "t" };
  await ask("asks", "dogs", conversation);
  const again = await ask("asks", [{ approved: "perhaps" }], conversation);
  assert.deepEqual([again.state, /approved must be boolean/.test(again.question)], ["input_required", true]);
  assert.equal((await ask("asks", "no, never", conversation)).text, "draft of dogs, dropped: ");
});

test("another task does not answer the question of this one", async () => {
  await ask("asks", "dogs", { contextId: "e", taskId: "t1" });
  const other = await ask("asks", "hens", { contextId: "e", taskId: "t2" });
  assert.match(other.question, /Publish draft of hens/);
});

test("a loop counts its rounds over its questions", async () => {
  const conversation = { contextId: "r", taskId: "t" };
  await ask("rounds", "x", conversation);
  assert.equal((await ask("rounds", [{ approved: false }], conversation)).state, "input_required");
  assert.equal((await ask("rounds", [{ approved: false }], conversation)).state, "input_required");
  assert.equal((await ask("rounds", [{ approved: false }], conversation)).errorCode, "too_many_steps");
  await ask("rounds", "x", { contextId: "r", taskId: "u" });
  assert.equal((await ask("rounds", [{ approved: true, comment: "that" }], { contextId: "r", taskId: "u" })).text, "after that");
});

test("what fails in a step fails the task, with its own code", async () => {
  const { errorCode, error } = await ask("fails", "two");
  assert.equal(errorCode, "tool_failed");
  assert.match(error, /calculator failed: .*only numbers/);
  assert.equal((await ask("row", "!status 429")).errorCode, "model_rate_limited");
});

test("a workflow can be told what was said before", async () => {
  await ask("remembers", "my name is Zoe", { contextId: "m" });
  assert.match((await ask("remembers", "what is my name", { contextId: "m" })).text, /Zoe/);
});

test("an author's workflow takes data or its JSON, asks by its own schema, and goes on", async () => {
  assert.deepEqual((await ask("expenses", [{ amount: 20 }])).parts[0].data, { paid: 20 });
  const conversation = { contextId: "x", taskId: "t" };
  const asked = await ask("expenses", '{"amount": 500, "why": "a chair"}', conversation);
  assert.deepEqual([asked.state, asked.question, asked.form.required], ["input_required", "Pay 500 for a chair?", ["approved"]]);
  assert.deepEqual((await ask("expenses", "yes", conversation)).parts[0].data, { paid: 500 });
});

test("input that an author's workflow does not take fails the task", async () => {
  const { state, error } = await ask("expenses", "a chair");
  assert.equal(state, "failed");
  assert.match(error, /amount/);
});

for (const [name, config, words] of [
  ["a step of two kinds", flow({ name: "a", say: "x", ask: "y" }), /needs one of .* has ask and say/],
  ["a step of no kind", flow({ name: "a" }), /needs one of .* has none/],
  ["a member that is not there", flow({ name: "a", agent: "nobody" }), /no member nobody: writer, critic, plain/],
  ["a tool that is not there", flow({ name: "a", tool: "clock" }), /has no tool clock: calculator/],
  ["a name that nothing made", flow(say("a", "{b}"), say("b", "x")), /workflow.0.say: names \{b\}/],
  ["a condition on nothing", flow({ name: "a", loop: { steps: [say("b", "x")], until: { of: "c.d" } } }), /names c, which/],
  ["two steps of one name", flow(say("a", "x"), { name: "p", parallel: [say("a", "y")] }), /two steps named a/],
  ["a loop without a condition", flow({ name: "a", loop: { steps: [say("b", "x")] } }), /until is missing/],
]) {
  test(`it refuses ${name}`, async () => {
    const { success, error } = await created(plugin, "wrong", config);
    assert.deepEqual([success, words.test(error)], [false, true], error);
  });
}
