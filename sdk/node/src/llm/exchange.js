/** One turn on its way through a framework: what was said before, and what becomes visible meanwhile. */

import { AsyncLocalStorage } from "node:async_hooks";
import { setMaxListeners } from "node:events";

import { Part, Status, ToolCall, ToolResult, Usage, parts } from "../content.js";
import { TaskFailed } from "../errors.js";
import { STEPS, failureOf } from "./failures.js";
import { ChatMessage, fromA2a, fromJson, inOrder, inWords, lightened, newest, said, toJson } from "./messages.js";
import { Queue, orAborted } from "./waiting.js";

/** @typedef {import("../turn.js").Turn} Turn */
/** @typedef {import("./config.js").AgentConfig} AgentConfig */
/** @typedef {import("./remote.js").Remote} Remote */

// In a conversation's memory.
const MESSAGES = "messages";
const NATIVE = "native";
const ASKED = "asked";
const TURN_TIMEOUT = "turn_timeout";
const MEMBER = "member"; // of a part in a status: what one of several agents said
const END = Symbol("end");
const GRACE_MS = 1000; // for a framework to end its work once nobody waits for it

/**
 * `history` is what was said before `message`, oldest first, as far as the agent's limits let it be.
 * `signal` is aborted when the caller gave up, and at the agent's limit of a turn: hand it to the framework.
 */
export class Exchange {
  /** @type {Usage[]} */
  usage = [];
  #controller = new AbortController();
  /** @type {ChatMessage[]} */
  #said;
  #text = "";
  #steps = 0;
  /** @type {Queue<unknown>} */
  #items = new Queue();

  /** @param {Turn} turn @param {AgentConfig} spec @param {Remote} remote */
  constructor(turn, spec, remote) {
    this.turn = turn;
    this.spec = spec;
    this.remote = remote;
    this.message = fromA2a("user", turn.parts);
    this.history = this.#history();
    this.#said = [this.message];
    setMaxListeners(0, this.signal); // every tool and every request of the turn listens
  }

  /** @returns {AbortSignal} */
  get signal() {
    return this.#controller.signal;
  }

  /** The history and the new message, as a model is to be told them; without the instructions. */
  get messages() {
    return [...this.history, this.message];
  }

  /** What this framework keeps of the conversation: JSON values by name. @returns {Record<string, any>} */
  get native() {
    return this.#kept(NATIVE);
  }

  /** Agents that wait for an answer in this conversation: the task of each. @returns {Record<string, string>} */
  get asked() {
    return this.#kept(ASKED);
  }

  /** What the caller answered to an `InputRequired`: the data of a data part, else the text. */
  get answer() {
    const data = this.turn.parts.find((/** @type {import("../content.js").Part} */ part) => part.kind === "data");
    return data ? data.data : this.turn.text;
  }

  /** Let who follows the task see it now. @param {unknown} item */
  emit(item) {
    this.#items.put(item);
  }

  /** Count a request to the model. Throws TaskFailed at one more than the agent's `max_steps`. */
  step() {
    this.#steps += 1;
    const most = this.spec.limits.max_steps;
    if (this.#steps <= most) return;
    throw new TaskFailed(`the turn took more than ${most} requests to the model, which is the agent's limit`, STEPS);
  }

  /**
   * Show what one of several agents said on the way to the answer: a status, no part of the answer.
   * @param {string} name @param {import("../content.js").Content} content
   */
  memberSaid(name, content) {
    const told = parts(content).map((each) => {
      const metadata = { ...each.metadata, agentx: { kind: MEMBER, name } };
      return new Part({ ...each, metadata });
    });
    this.emit(new Status(told));
  }

  /**
   * What `items` yields and what is emitted meanwhile, in the order it happens.
   *
   * Throws TaskFailed for a model that fails and for a turn that takes too long. Left early, it ends the
   * framework's work before it returns.
   * @param {AsyncIterator<unknown>} items
   */
  async *run(items) {
    const stop = () => this.#controller.abort(this.turn.signal.reason);
    this.turn.signal.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(() => this.#controller.abort(this.#late()), this.spec.limits.turn_seconds * 1000);
    const work = currentExchange.run(this, () => this.#work(items));
    work.catch(() => {}); // it is waited for below, perhaps later
    try {
      if (this.turn.cancelled) stop();
      for (let item = await this.#items.take(); item !== END; item = await this.#items.take()) {
        this.#note(item);
        yield item;
      }
      await work;
    } finally {
      clearTimeout(timer);
      this.turn.signal.removeEventListener("abort", stop);
      this.#controller.abort();
      await work.catch(() => {});
    }
  }

  /** @param {AsyncIterator<unknown>} items */
  async #work(items) {
    try {
      for (;;) {
        const step = await orAborted(items.next(), this.signal);
        if (step.value !== undefined) this.#items.put(step.value);
        if (step.done) return;
      }
    } catch (error) {
      throw this.#told(error);
    } finally {
      this.#items.put(END);
      await ended(items);
    }
  }

  /** @param {unknown} error */
  #told(error) {
    const told = failureOf(error);
    if (told instanceof TaskFailed) Object.assign(told.metadata, this.usageTold());
    return told ?? error;
  }

  #late() {
    const seconds = this.spec.limits.turn_seconds;
    return new TaskFailed(`the turn was not done within ${seconds} s, which is the agent's limit`, TURN_TIMEOUT);
  }

  /** What was used by a turn that fails, for its status. @returns {Record<string, unknown>} */
  usageTold() {
    if (!this.usage.length) return {};
    /** @type {Map<string, Usage>} */
    const byModel = new Map();
    for (const each of this.usage) byModel.set(each.model, added(byModel.get(each.model), each));
    return { agentx: { usage: [...byModel.values()].map(usageJson) } };
  }

  // ---- What is remembered

  /** @param {string} name @returns {Record<string, any>} */
  #kept(name) {
    const memory = this.turn.memory;
    if (!memory.has(name)) memory.set(name, {});
    return memory.get(name);
  }

  #history() {
    const { enabled, max_messages: count, max_bytes: size } = this.spec.memory;
    return enabled ? newest(fromJson(this.turn.memory.get(MESSAGES) ?? []), count, size) : [];
  }

  /** @param {unknown} item */
  #note(item) {
    if (typeof item === "string") this.#text += item;
    else if (item instanceof ToolCall) this.#noteCall(item);
    else if (item instanceof ToolResult) this.#said.push(new ChatMessage("tool", { results: [item] }));
    else if (item instanceof Usage) this.usage.push(item);
    else if (item instanceof Part) this.#notePart(item);
  }

  /** An answer that is data. @param {Part} part */
  #notePart(part) {
    this.#flush();
    this.#said.push(new ChatMessage("assistant", { parts: [part] }));
  }

  /** Calls that follow one another are made by one message. @param {ToolCall} call */
  #noteCall(call) {
    this.#flush();
    const last = /** @type {ChatMessage} */ (this.#said.at(-1));
    if (last.role !== "assistant") this.#said.push(new ChatMessage("assistant", { calls: [call] }));
    else this.#said[this.#said.length - 1] = new ChatMessage("assistant", { parts: last.parts, calls: [...last.calls, call] });
  }

  #flush() {
    if (this.#text) this.#said.push(said("assistant", this.#text));
    this.#text = "";
  }

  /** Keep what was said in this turn with the conversation. */
  remember() {
    this.#flush();
    const { enabled, max_messages: count, max_bytes: size } = this.spec.memory;
    if (!enabled) return;
    const most = Math.floor(size / 4);
    const fresh = inOrder(this.#said).map((each) => lightened(each, most));
    let kept = newest([...this.history, ...fresh], count, size);
    if (!kept.length) {
      // A turn that is too large by itself is kept without its tools, and each text short.
      const room = Math.floor(most / (2 * fresh.length));
      const short = inWords(fresh).map((each) => lightened(each, room));
      kept = newest([...this.history, ...short], count, size);
    }
    this.turn.memory.set(MESSAGES, toJson(kept));
  }
}

/** @param {Usage | undefined} before @param {Usage} usage */
function added(before, usage) {
  if (!before) return usage;
  const inputTokens = before.inputTokens + usage.inputTokens;
  const outputTokens = before.outputTokens + usage.outputTokens;
  const isPriced = before.cost !== null || usage.cost !== null;
  const cost = isPriced ? (before.cost ?? 0) + (usage.cost ?? 0) : null;
  return new Usage(usage.model, { ...usage, inputTokens, outputTokens, cost });
}

/** @param {Usage} usage */
function usageJson({ model, inputTokens, outputTokens, cost, currency }) {
  return { model, inputTokens, outputTokens, ...(cost === null ? {} : { cost, currency }) };
}

/** Close a generator, and wait a while for it. @param {AsyncIterator<unknown>} items */
async function ended(items) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, GRACE_MS);
  });
  try {
    await Promise.race([items.return?.(), late]);
  } catch {
    // Its failure was told, or nobody waits for it any more.
  } finally {
    clearTimeout(timer);
  }
}

/** @type {AsyncLocalStorage<Exchange>} */
export const currentExchange = new AsyncLocalStorage();
