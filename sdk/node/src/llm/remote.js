/** Other agents, asked by A2A 1.0 (HTTP+JSON) through AgentX in the name of the turn's caller. */

import { createHash, randomUUID } from "node:crypto";

import { TaskFailed } from "../errors.js";
import { Logger } from "../logs.js";

/** @typedef {import("../turn.js").Turn} Turn */
/** @typedef {Record<string, any>} Json */

const logger = new Logger("agentx_sdk.llm.remote");
const NOT_ASKED = "agent_not_asked";
const INTERRUPTED = ["TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"];
const CANCEL_MS = 5000;
const NAMESPACE = Buffer.from("8f7f9d5e6a555c0e9d4c0f1f0c7c6a1e", "hex");
const WORDS = 300;

/** What an agent answered: A2A parts of its artifacts and of its last status. */
export class Reply {
  state = "";
  /** @type {Json[]} */
  parts = [];
  words = "";

  /** @param {string} [taskId] */
  constructor(taskId = "") {
    this.taskId = taskId;
  }

  /** Whether it asks for more before it goes on. */
  get waits() {
    return INTERRUPTED.includes(this.state);
  }
}

/** For all turns of the process; close it in the end. */
export class Remote {
  /** @type {Set<Promise<void>>} */
  #cancelling = new Set();

  /**
   * Say `text` to `agent`; with `taskId`, as the answer that this task waits for.
   *
   * Aborted, it cancels the other agent's task too. Throws TaskFailed when it cannot be asked.
   * @param {Turn} turn @param {string} agent @param {string} text
   * @param {{taskId?: string, signal?: AbortSignal}} [options]
   */
  async ask(turn, agent, text, { taskId = "", signal = turn.signal } = {}) {
    if (!turn.agentxUrl || !turn.token) throw new TaskFailed(`AgentX gave no way to ask the agent ${agent}`, NOT_ASKED);
    const base = `${turn.agentxUrl.replace(/\/+$/, "")}/a2a/${encodeURIComponent(agent)}`;
    const asked = new Reply(taskId);
    try {
      for await (const event of events(turn, agent, base, body(turn, text, taskId), signal)) take(asked, event);
    } catch (error) {
      if (signal.aborted) this.#cancel(turn, base, asked);
      if (signal.aborted || error instanceof TaskFailed) throw error;
      throw new TaskFailed(`the agent ${agent} cannot be asked: ${reasonOf(error)}`, NOT_ASKED);
    }
    return asked;
  }

  /** Nobody waits for it any more: its task would go on for nothing. @param {Turn} turn @param {string} base @param {Reply} asked */
  #cancel(turn, base, asked) {
    if (!asked.taskId || asked.waits) return;
    const url = `${base}/tasks/${asked.taskId}:cancel`;
    const cancelling = post(turn, url, {}, AbortSignal.timeout(CANCEL_MS))
      .then((response) => response.body?.cancel())
      .catch((error) => logger.warning(`the task at ${url} could not be cancelled: ${reasonOf(error)}`))
      .then(() => void this.#cancelling.delete(cancelling));
    this.#cancelling.add(cancelling);
  }

  /** Wait for what is being cancelled. */
  async close() {
    await Promise.all(this.#cancelling);
  }
}

/** @param {Turn} turn @param {string} agent @param {string} base @param {Json} message @param {AbortSignal} signal @returns {AsyncGenerator<Json>} */
async function* events(turn, agent, base, message, signal) {
  const response = await post(turn, `${base}/message:stream`, message, signal);
  if (!response.ok) throw new TaskFailed(`the agent ${agent} cannot be asked: ${refusal(await response.text())}`, NOT_ASKED);
  for await (const line of lines(response)) {
    if (line.startsWith("data:")) yield JSON.parse(line.slice(5));
  }
}

/** @param {Response} response */
async function* lines(response) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of /** @type {any} */ (response.body ?? [])) {
    const found = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r/);
    rest = found.pop() ?? "";
    yield* found;
  }
}

/** @param {Turn} turn @param {string} url @param {Json} value @param {AbortSignal} signal */
function post(turn, url, value, signal) {
  const headers = {
    Authorization: `Bearer ${turn.token}`,
    "A2A-Version": "1.0",
    "Content-Type": "application/json",
    ...(turn.traceparent ? { traceparent: turn.traceparent } : {}),
  };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(value), signal, redirect: "error" });
}

/**
 * In a conversation of its own, which follows from ours: two agents that ask each other must not wait for themselves.
 * @param {Turn} turn @param {string} text @param {string} taskId
 */
function body(turn, text, taskId) {
  const ids = taskId ? { taskId } : turn.contextId ? { contextId: follows(`${turn.contextId}/${turn.agent.id}`) } : {};
  const said = { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }], referenceTaskIds: [turn.taskId] };
  return { message: { ...said, ...ids } };
}

/** A UUID of version 5, the same as Python's `uuid5`. @param {string} name */
export function follows(name) {
  const bytes = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x50;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** One event of the stream, added to what is known. @param {Reply} asked @param {Json} event */
function take(asked, { task, statusUpdate, artifactUpdate, message }) {
  if (task) {
    asked.taskId = task.id;
    asked.parts = (task.artifacts ?? []).flatMap((/** @type {Json} */ each) => each.parts);
    takeStatus(asked, task.status);
  } else if (statusUpdate) {
    asked.taskId = statusUpdate.taskId || asked.taskId;
    takeStatus(asked, statusUpdate.status);
  } else if (artifactUpdate) {
    asked.parts.push(...artifactUpdate.artifact.parts);
  } else if (message) {
    asked.state = "TASK_STATE_COMPLETED";
    asked.parts = message.parts;
  }
}

/** @param {Reply} asked @param {Json} status */
function takeStatus(asked, status) {
  asked.state = status.state;
  const texts = (status.message?.parts ?? []).flatMap((/** @type {Json} */ part) => ("text" in part ? [part.text] : []));
  asked.words = texts.join("\n");
}

/** What a model is told of it. Throws TaskFailed when the agent failed. @param {Reply} reply */
export function replyOf(reply) {
  if (reply.waits) return `The agent asks before it goes on: ${reply.words}`;
  if (reply.state !== "TASK_STATE_COMPLETED") {
    const state = reply.state.replace("TASK_STATE_", "").toLowerCase().replaceAll("_", " ") || "gone";
    throw new TaskFailed(`the agent's task is ${state}: ${reply.words}`, "agent_failed");
  }
  const text = reply.parts.map((part) => part.text ?? "").join("");
  const data = reply.parts.flatMap((part) => ("data" in part ? [part.data] : []));
  return data.length ? { text, data } : text || reply.words;
}

/** The words of an A2A error, or of whatever answered in its place. @param {string} text */
function refusal(text) {
  try {
    const told = JSON.parse(text);
    const error = told?.error ?? told ?? {};
    return String(error.message ?? error.detail ?? JSON.stringify(error)).slice(0, WORDS);
  } catch {
    return text.slice(0, WORDS);
  }
}

/** @param {any} error */
function reasonOf(error) {
  return `${error.name}: ${error.cause?.message ?? error.message}`;
}
