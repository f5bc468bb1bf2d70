/** What models answer when they do not answer, as failures that a caller understands. */

import { TaskFailed, TaskRejected } from "../errors.js";

export const UNAUTHORIZED = "model_unauthorized";
export const RATE_LIMITED = "model_rate_limited";
export const TIMEOUT = "model_timeout";
export const UNREACHABLE = "model_unreachable";
export const NOT_FOUND = "model_not_found";
export const REFUSED = "model_refused";
export const FAILED = "model_failed";
export const TOO_LONG = "context_too_long";
export const STEPS = "too_many_steps";
export const OUTPUT_INVALID = "output_invalid"; // a model's answer has not the form that output_schema tells
const IS_TOO_LONG = /context.{0,20}length|maximum context|too many tokens|context_window/i;
const TIMED_OUT = /timed? ?out/i;
// Of Node's sockets, and of the `fetch` that is built in.
const UNREACHED = /^(ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|UND_ERR_SOCKET|UND_ERR_CONNECT|CERT_|ERR_TLS)/;
const TIMEOUTS = /^(ETIMEDOUT|UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT)$/;
// Of the AI SDK: what came was no answer of a model.
const NO_ANSWER = /^AI_(JSONParse|InvalidResponseData|EmptyResponseBody)Error$/;
const MAX_WORDS = 500;

/**
 * What an error out of a framework says, by what caused it; null when no model is in it.
 * @param {unknown} error
 * @returns {TaskFailed | TaskRejected | null}
 */
export function failureOf(error) {
  const all = [...causes(error)];
  const own = all.find((each) => each instanceof TaskFailed || each instanceof TaskRejected);
  if (own) return /** @type {TaskFailed | TaskRejected} */ (own);
  for (const each of all) {
    const failure = told(each);
    if (failure) return failure;
  }
  return null;
}

/** The error, those in it, and what it came of. @param {unknown} error */
function* causes(error) {
  const seen = new Set();
  const waiting = [error];
  while (waiting.length) {
    const each = /** @type {any} */ (waiting.shift());
    if (typeof each !== "object" || each === null || seen.has(each)) continue;
    seen.add(each);
    yield each;
    waiting.push(each.lastError, ...(Array.isArray(each.errors) ? each.errors : []), each.cause, each.error, each.originalError);
  }
}

/** @param {any} error @returns {TaskFailed | null} */
function told(error) {
  const status = error.statusCode ?? error.status;
  if (Number.isInteger(status) && status >= 400) return byStatus(status, words(error), headers(error));
  const [code, name] = [String(error.code ?? ""), String(error.name ?? "")];
  if (name === "TimeoutError" || TIMEOUTS.test(code)) return new TaskFailed("the model did not answer in time", TIMEOUT);
  if (NO_ANSWER.test(name)) return new TaskFailed("the model's endpoint sent what is no answer of a model", FAILED);
  if (!UNREACHED.test(code) && !isUnsent(error, name)) return null;
  if (TIMED_OUT.test(error.message)) return new TaskFailed("the model did not answer in time", TIMEOUT);
  return new TaskFailed(`the model cannot be reached: ${words(error) || code}`, UNREACHABLE);
}

/** Of `fetch`, and of the AI SDK where nothing answered. @param {any} error @param {string} name */
function isUnsent(error, name) {
  if (name === "AI_APICallError") return error.statusCode === undefined;
  return name === "TypeError" && error.message === "fetch failed";
}

/** @param {number} status @param {string} said @param {Record<string, string>} about */
function byStatus(status, said, about) {
  if (status === 401 || status === 403) {
    return new TaskFailed(`the model's endpoint refused the key (${status}): ${said}`, UNAUTHORIZED);
  }
  if (status === 429) return limited(said, about);
  if (status === 404) return new TaskFailed(`the endpoint does not have this model: ${said}`, NOT_FOUND);
  if (status === 408 || status === 504) return new TaskFailed("the model did not answer in time", TIMEOUT);
  if ([400, 413, 422].includes(status) && IS_TOO_LONG.test(said)) {
    return new TaskFailed(`the conversation is too long for the model: ${said}`, TOO_LONG);
  }
  if (status < 500) return new TaskFailed(`the model refused the request (${status}): ${said}`, REFUSED);
  return new TaskFailed(`the model's endpoint failed (${status}): ${said}`, FAILED);
}

/** @param {string} said @param {Record<string, string>} about */
function limited(said, about) {
  const after = about["retry-after"] ?? "";
  if (!/^\d{1,6}(\.\d+)?$/.test(after)) {
    return new TaskFailed(`the model's endpoint takes no more for now (429): ${said}`, RATE_LIMITED);
  }
  const told = `the model's endpoint takes no more for now (429): try again in ${after} s`;
  return new TaskFailed(told, RATE_LIMITED, { retryAfterSeconds: Number(after) });
}

/** What the endpoint said, without what a framework wrapped around it. @param {any} error @returns {string} */
function words(error) {
  const body = error.data ?? parsed(error.responseBody);
  const said = body?.error?.message ?? body?.message ?? error.message ?? "";
  return String(said).slice(0, MAX_WORDS);
}

/** @param {unknown} text @returns {any} */
function parsed(text) {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** @param {any} error @returns {Record<string, string>} */
function headers(error) {
  const found = error.responseHeaders ?? error.headers ?? {};
  return typeof found.entries === "function" ? Object.fromEntries(found.entries()) : found;
}
