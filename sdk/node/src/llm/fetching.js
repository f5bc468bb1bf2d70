/** `fetch` for a model's client: with the model's time limit, its retries, and the agent's limit of requests. */

import { setTimeout as sleep } from "node:timers/promises";

import { currentExchange } from "./exchange.js";

/** @typedef {import("./models.js").WholeModel} WholeModel */

const PASSING = [408, 409, 429]; // and 500 and more: another try may be answered
const LONGEST_WAIT = 60; // seconds that an endpoint may ask for between two tries
const FIRST_WAIT = 0.5;
const TIMES = "x-stainless-retry-count"; // as OpenAI's own clients tell that a request is made again

/**
 * A `fetch` whose requests end when the model is silent for its `timeout_seconds`, at the beginning or between two
 * pieces, and are tried again as often as it says. Nothing is tried again once an answer has begun.
 * @param {WholeModel} model
 * @returns {typeof fetch}
 */
export function modelFetch(model) {
  return async (input, init = {}) => {
    currentExchange.getStore()?.step();
    for (let left = model.max_retries; ; left -= 1) {
      const wait = FIRST_WAIT * 2 ** (model.max_retries - left);
      try {
        const response = await attempt(input, numbered(init, model.max_retries - left), model.timeout_seconds * 1000);
        const after = left > 0 ? pause(response, wait) : null;
        if (after === null) return response;
        await response.body?.cancel();
        await sleep(after * 1000, undefined, { signal: init.signal ?? undefined });
      } catch (error) {
        if (left <= 0 || init.signal?.aborted) throw error;
        await sleep(wait * 1000, undefined, { signal: init.signal ?? undefined });
      }
    }
  };
}

/** @param {RequestInit} init @param {number} times How often it was tried before. */
function numbered(init, times) {
  if (!times) return init;
  const headers = new Headers(init.headers);
  headers.set(TIMES, String(times));
  return { ...init, headers };
}

/** Seconds until another try; null where the answer is to be taken. @param {Response} response @param {number} wait */
function pause(response, wait) {
  if (response.status < 500 && !PASSING.includes(response.status)) return null;
  const asked = Number(response.headers.get("retry-after") ?? "");
  return asked > 0 && asked <= LONGEST_WAIT ? asked : wait;
}

/** @param {Parameters<typeof fetch>[0]} input @param {RequestInit} init @param {number} milliseconds */
async function attempt(input, init, milliseconds) {
  const controller = new AbortController();
  const late = () => controller.abort(new DOMException("the model did not answer in time", "TimeoutError"));
  const timer = setTimeout(late, milliseconds);
  const stop = () => controller.abort(init.signal?.reason);
  const settled = () => {
    clearTimeout(timer);
    init.signal?.removeEventListener("abort", stop);
  };
  init.signal?.addEventListener("abort", stop, { once: true });
  if (init.signal?.aborted) stop();
  try {
    const response = await fetch(input, { ...init, signal: controller.signal });
    if (!response.body) settled();
    return response.body ? watched(response, timer, settled) : response;
  } catch (error) {
    settled();
    throw error;
  }
}

/** The same response, whose pieces put off the end. @param {Response} response @param {NodeJS.Timeout} timer @param {() => void} settled */
function watched(response, timer, settled) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const body = new ReadableStream({
    async pull(taker) {
      timer.refresh();
      try {
        const { done, value } = await reader.read();
        if (!done) return taker.enqueue(value);
        settled();
        taker.close();
      } catch (error) {
        settled();
        throw error;
      }
    },
    cancel(reason) {
      settled();
      return reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
