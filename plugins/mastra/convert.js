/**
 * Between the kit's messages and those that Mastra takes, which are the AI SDK's ModelMessages.
 *
 * What those cannot say (a file's name, that a part is data) travels beside, in `providerOptions`, which no
 * endpoint gets to see: nothing is lost on the way there and back.
 *
 * `node convert.js` reads JSON lists of messages, one on each line, and prints each as it comes back.
 */

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

import { Part, ToolCall, ToolResult } from "@agentx/sdk";
import { ChatMessage, messages } from "@agentx/sdk/llm";

const OURS = "agentx";

/** @param {ChatMessage[]} told @param {{vision?: boolean}} [options] Whether pictures are shown, or named in words. */
export function toNative(told, { vision = true } = {}) {
  return told.map((message) => nativeOf(message, vision));
}

/** @returns {ChatMessage[]} */
export function fromNative(native) {
  return native.map(messageOf);
}

function nativeOf(message, vision) {
  const beside = message.name ? { name: message.name } : {};
  if (message.role === "tool") return { role: "tool", content: message.results.map(nativeResult), ...ours(beside) };
  const parts = message.parts.map((part) => nativePart(part, vision && message.role === "user"));
  // A system message has words only; its parts travel beside it.
  if (message.role === "system") return { role: "system", content: message.text, ...ours({ ...beside, parts: asJson(message) }) };
  return { role: message.role, content: [...parts, ...message.calls.map(nativeCall)], ...ours(beside) };
}

function nativePart(part, vision) {
  const [json] = asJson({ parts: [part] });
  if (part.kind === "text") return { type: "text", text: part.text, ...ours(isPlain(json) ? {} : { part: json }) };
  if (!vision || !messages.isPicture(part)) return { type: "text", text: messages.wordsOf(part), ...ours({ part: json }) };
  const { raw, url, ...about } = json;
  const data = part.raw === undefined ? new URL(url) : Buffer.from(part.raw);
  // Which of the two it was: a `data:` address is one too.
  return { type: "file", data, mediaType: messages.mediaTypeOf(part), ...ours({ part: url === undefined ? about : json }) };
}

function nativeCall(call) {
  return { type: "tool-call", toolCallId: call.id, toolName: call.name, input: call.arguments };
}

function nativeResult(result) {
  const output = result.error
    ? { type: "error-text", value: result.error }
    : typeof result.result === "string"
      ? { type: "text", value: result.result }
      : { type: "json", value: result.result };
  // What failed may have left something nevertheless.
  const beside = result.error && result.result !== null ? { result: result.result } : {};
  return { type: "tool-result", toolCallId: result.id, toolName: result.name, output, ...ours(beside) };
}

function messageOf(native) {
  const { name = "", parts: told } = native.providerOptions?.[OURS] ?? {};
  const content = typeof native.content === "string" ? [{ type: "text", text: native.content }] : native.content;
  const calls = content.filter((each) => each.type === "tool-call").map(callOf);
  const results = content.filter((each) => each.type === "tool-result").map(resultOf);
  const parts = told ? partsOf(told) : content.filter((each) => !each.type.startsWith("tool-")).map(partOf);
  return new ChatMessage(native.role, { parts, calls, results, name });
}

function partOf(native) {
  const { part } = native.providerOptions?.[OURS] ?? {};
  if (native.type === "file" || native.type === "image") return fileOf(native, part);
  return part ? partsOf([part])[0] : new Part({ text: native.text });
}

function fileOf({ data, image, mediaType }, part) {
  if (part?.url !== undefined) return partsOf([part])[0];
  const { media_type: told, filename, metadata } = part ?? { media_type: mediaType };
  const file = data ?? image;
  const content = file instanceof URL ? { url: file.href } : { raw: bytesOf(file) };
  return new Part({ ...content, mediaType: told, filename, metadata });
}

function bytesOf(file) {
  return typeof file === "string" ? Buffer.from(file, "base64") : Buffer.from(file);
}

function callOf({ toolCallId, toolName, input }) {
  return new ToolCall(toolCallId, toolName, typeof input === "string" ? JSON.parse(input) : (input ?? {}));
}

function resultOf({ toolCallId, toolName, output, providerOptions }) {
  const { result } = providerOptions?.[OURS] ?? {};
  const failed = output.type.startsWith("error");
  const error = typeof output.value === "string" ? output.value : JSON.stringify(output.value);
  return new ToolResult(toolCallId, toolName, failed ? { error, result } : { result: output.value });
}

function asJson(message) {
  return messages.toJson([new ChatMessage("user", { parts: message.parts })])[0].parts ?? [];
}

function partsOf(told) {
  return messages.fromJson([{ role: "user", parts: told }])[0].parts;
}

function isPlain(json) {
  return Object.keys(json).length === 1;
}

function ours(told) {
  return Object.keys(told).length ? { providerOptions: { [OURS]: told } } : {};
}

async function convertLines() {
  for await (const line of createInterface({ input: process.stdin })) {
    const back = fromNative(toNative(messages.fromJson(JSON.parse(line))));
    process.stdout.write(`${JSON.stringify(messages.toJson(back))}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await convertLines();
