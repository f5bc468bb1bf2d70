/** The parts that need no process: events, state, schema, load, logs, health's wire. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Artifact, ConfigError, State, Turn, Agent } from "@agentx/sdk";

import * as codec from "../src/codec.js";
import { EventWriter } from "../src/events.js";
import { chooseContract } from "../src/handshake.js";
import { HEALTH, decodeRequest } from "../src/health.js";
import { redact } from "../src/hosting.js";
import { Load } from "../src/load.js";
import { Sparing } from "../src/logs.js";
import { mistakes, secretNames } from "../src/schema.js";

function turn(messageId, told = []) {
  const history = told.map((id) => ({ id, parts: [], metadataJson: "", metadata: {} }));
  return new Turn({ message: { id: messageId }, taskId: "t", history }, new Agent({ id: "a" }));
}

test("ids follow from the message's, and another of the same id has its own", () => {
  const id = (given, told) => new EventWriter(turn(given, told), { live: true }).add("x")[0].artifact.artifact.artifactId;
  assert.equal(id("m"), "reply-m");
  assert.equal(id("m", ["m"]), "reply-m-2");
  assert.ok(id("m".repeat(300)).length < 100);
});

test("artifacts without a name of their own are numbered", () => {
  const writer = new EventWriter(turn("m"), { live: true });
  const names = [1, 2].map(() => writer.add(new Artifact("x"))[0].artifact.artifact.artifactId);
  assert.deepEqual(names, ["artifact-1-m", "artifact-2-m"]);
});

test("what JSON cannot say is refused, and so is what is no object", () => {
  for (const value of [NaN, Infinity, { a: NaN }, undefined, () => {}]) assert.throws(() => codec.toJson(value), TypeError);
  for (const text of ["[]", "null", "1"]) assert.throws(() => codec.jsonObject(text), TypeError);
  assert.deepEqual(codec.jsonObject('{"a": 1}', { a: "0", b: "2" }), { a: 1, b: "2" });
});

test("a state knows what changed since when, also in place", () => {
  const state = new State();
  state.set("a", [1]).set("b", 2);
  const version = state.version;
  state.get("a").push(2);
  state.delete("b");
  const changes = state.changes(version);
  assert.deepEqual(changes.map((entry) => [entry.key, entry.removed]), [["b", true], ["a", false]]);
  assert.deepEqual(state.changes(0).map((entry) => String(entry.value)), ["[1,2]"]);
  assert.throws(() => state.set("c", "x".repeat(1 << 20)), RangeError);
  assert.throws(() => state.set(1, 1), TypeError);
  const heir = new State();
  heir.load(state.changes());
  assert.deepEqual([...heir], [["a", [1, 2]]]);
});

test("mistakes are told by dotted path, without the value", async () => {
  const schema = {
    type: "object", required: ["key"], additionalProperties: false,
    properties: { key: { type: "string" }, limits: { properties: { "to/kens": { type: "integer" } } } },
  };
  const found = await mistakes(schema, { limits: { "to/kens": "s3cret" }, more: 1 });
  assert.deepEqual(Object.keys(found).sort(), ["key", "limits.to/kens", "more"]);
  assert.doesNotMatch(JSON.stringify(found), /s3cret/);
  assert.deepEqual(await mistakes(schema, { key: "x" }), {});
});

test("secrets show only that they are set", () => {
  const shown = redact({ api_key: "x", max_tokens: 5, list: [{ password: "y" }], own: "z", key: "" }, ["own"]);
  const hidden = "********";
  assert.deepEqual(shown, { api_key: hidden, max_tokens: 5, list: [{ password: hidden }], own: hidden, key: "" });
});

test("a schema says what is secret", () => {
  const properties = { pin: { type: "string", writeOnly: true }, deep: { properties: { code: { format: "password" } } } };
  assert.deepEqual(secretNames({ properties }), ["pin", "code"]);
});

test("load is weighted by time", () => {
  let now = 0;
  const load = new Load(() => now);
  load.enter();
  now = 1000;
  load.leave(true);
  now = 4000;
  assert.equal(load.takeAverage(), 0.25);
  assert.deepEqual([load.inFlight, load.finished, load.failed], [0, 1, 1]);
});

test("a burst of lines passes, then a few a second", () => {
  let now = 0;
  const sparing = new Sparing(2, 1, () => now);
  assert.deepEqual([sparing.admit(), sparing.admit(), sparing.admit(), sparing.admit()], [0, 0, null, null]);
  now = 1000;
  assert.equal(sparing.admit(), 2);
});

test("the newest contract both sides speak is chosen", () => {
  assert.equal(chooseContract([1, 2], [1, 2, 3]), 2);
  assert.equal(chooseContract([4], [1]), null);
});

test("grpc.health.v1 on the wire", () => {
  assert.deepEqual(decodeRequest(HEALTH.Check.requestSerialize({ service: "ready" })), { service: "ready" });
  assert.deepEqual(decodeRequest(Buffer.alloc(0)), { service: "" });
  assert.throws(() => decodeRequest(Buffer.from([0x12, 1, 1])));
  assert.deepEqual([...HEALTH.Check.responseSerialize(2)], [0x08, 2]);
});

test("a ConfigError names its fields", () => {
  assert.deepEqual(new ConfigError("no", { a: "b" }).fields, { a: "b" });
});
