/** Models as Mastra takes them: always with their address and key, so that it looks nothing up in lists of providers. */

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

import { modelFetch } from "@agentx/sdk/llm";

const NAME = "agentx"; // of the provider, where one must have a name
const NO_KEY = "none";
// The endpoint fetches pictures by their addresses: a plugin that did would reach what only it can.
const ADDRESSES = { "image/*": [/^https?:/i] };

/** A model of the AI SDK. @param {object} model The whole of it, as the kit resolves it. */
export function clientOf(model) {
  const { name, base_url: baseURL, api, api_key: key } = model;
  const shared = { baseURL, apiKey: key || NO_KEY, fetch: modelFetch(model) };
  if (api === "responses") return createOpenAI(shared).responses(name);
  const able = { includeUsage: true, supportsStructuredOutputs: true, supportedUrls: () => ADDRESSES };
  return createOpenAICompatible({ name: NAME, ...shared, ...able })(name);
}

/** How it is asked. Retries are the client's. */
export function settingsOf({ temperature, top_p: topP, max_output_tokens: maxOutputTokens }) {
  const told = Object.entries({ temperature, topP, maxOutputTokens });
  const set = told.filter(([, value]) => value !== undefined && value !== null);
  return { ...Object.fromEntries(set), maxRetries: 0 };
}
