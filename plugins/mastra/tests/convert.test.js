/** Messages to Mastra's and back: nothing is lost, whatever they hold. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import fc from "fast-check";

import { Part, ToolCall, ToolResult } from "@agentx/sdk";
import { ChatMessage, messages } from "@agentx/sdk/llm";

import { fromNative, toNative } from "../convert.js";
import { FOLDER } from "./plugin.js";

const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)));
const about = fc.record({
  mediaType: fc.constantFrom("", "image/png", "text/plain", "application/x-thing"),
  filename: fc.constantFrom("", "a.png", "é.txt"),
  metadata: fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 2 }).map((told) => ({ ...told })),
});
const content = fc.oneof(
  fc.string().map((text) => ({ text })),
  fc.uint8Array({ maxLength: 20 }).map((raw) => ({ raw: Buffer.from(raw) })),
  fc.webUrl().map((url) => ({ url })),
  json.map((data) => ({ data })),
);
const part = fc.tuple(content, about).map(([own, more]) => new Part({ ...own, ...more }));
const parts = fc.array(part, { minLength: 1, maxLength: 3 });
const name = fc.constantFrom("", "ann");
const id = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const call = fc.tuple(id, id, fc.dictionary(id, json)).map(([...told]) => new ToolCall(told[0], told[1], { ...told[2] }));
const result = fc.tuple(id, id, json, fc.constantFrom("", "it broke")).map(
  ([which, tool, value, error]) => new ToolResult(which, tool, { result: value, error }),
);
const message = fc.oneof(
  fc.record({ parts, name }).map((told) => new ChatMessage("user", told)),
  fc.record({ parts, name }).map((told) => new ChatMessage("system", told)),
  fc.record({ parts: fc.array(part, { maxLength: 2 }), calls: fc.array(call, { maxLength: 2 }), name }).map((told) => new ChatMessage("assistant", told)),
  fc.array(result, { minLength: 1, maxLength: 2 }).map((results) => new ChatMessage("tool", { results })),
);

const plain = (told) => JSON.parse(JSON.stringify(messages.toJson(told)));

for (const vision of [true, false]) {
  test(`there and back, ${vision ? "with" : "without"} pictures`, () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), (told) => {
        assert.deepEqual(plain(fromNative(toNative(told, { vision }))), plain(told));
      }),
      { numRuns: 300 },
    );
  });
}

test("as a program it reads and writes lines", () => {
  const told = [plain([messages.said("user", "hi")]), plain([messages.said("assistant", "é", "ann")])];
  const out = execFileSync(process.execPath, [`${FOLDER}convert.js`], { input: told.map((each) => JSON.stringify(each)).join("\n") });
  assert.deepEqual(String(out).trim().split("\n").map((line) => JSON.parse(line)), told);
});
