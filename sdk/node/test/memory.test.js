/** A conversation's memory: what goes back, what is refused; Python reads and writes the same bytes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { Memory } from "@agentx/sdk";

test("nothing is sent unless something changed, in place too", () => {
  assert.equal(new Memory().encoded(), null);
  const memory = new Memory(Buffer.from('{"a": {"b": 1}}'));
  assert.equal(memory.encoded(), null);
  memory.get("a").b = 2;
  assert.equal(String(memory.encoded()), '{"a":{"b":2}}');
  memory.delete("a");
  assert.equal(String(memory.encoded()), "{}");
});

test("much of it is pressed, and opens again", () => {
  const memory = new Memory().set("words", "é ".repeat(5000));
  const bytes = memory.encoded();
  assert.deepEqual([bytes[0], bytes.length < 1000], [0x78, true]);
  assert.deepEqual([...new Memory(bytes)], [...memory]);
});

test("more than a MiB is refused, and so is what JSON cannot say", () => {
  const noise = Array.from({ length: 400_000 }, (_, at) => Math.sin(at));
  assert.throws(() => new Memory().set("noise", noise).encoded(), { code: "memory_full" });
  assert.throws(() => new Memory().set("a", NaN).encoded(), TypeError);
});

test("what presses well, and no later turn would open, is refused", () => {
  assert.throws(() => new Memory().set("a", " ".repeat(65 << 20)).encoded(), { code: "memory_full" });
});

test("what is no memory is refused, and a bomb goes no further", () => {
  assert.throws(() => new Memory(Buffer.from("[1]")), TypeError);
  assert.throws(() => new Memory(Buffer.from("no")), SyntaxError);
  assert.throws(() => new Memory(deflateSync(Buffer.alloc(65 << 20, 32))), RangeError);
});
