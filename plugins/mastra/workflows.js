/** Workflows of Mastra from a configuration: agents, tools, questions; at once, one of several, again and again. */

import { AsyncLocalStorage } from "node:async_hooks";

import { createStep, createWorkflow } from "@mastra/core/workflows";

import { ConfigError, TaskFailed } from "@agentx/sdk";
import { currentExchange, failures, messages } from "@agentx/sdk/llm";

import { Talker } from "./agents.js";
import { filled, filledIn, holds, inWords, namesIn, textsIn } from "./values.js";

const KINDS = ["agent", "tool", "ask", "say", "parallel", "branch", "loop"];
const ANY = {}; // JSON Schema
const TOOL_FAILED = "tool_failed";
/** What is asked where no schema says it. */
export const APPROVAL = {
  type: "object",
  properties: {
    approved: { type: "boolean", title: "Approved" },
    comment: { type: "string", title: "Comment" },
  },
  required: ["approved"],
};

/** What one run of a workflow knows: kept as JSON while it waits for an answer. */
export class Values {
  /** Whether the answer was shown piece by piece already. */
  streamed = false;
  /** @type {Error | null} What ended it, as it was thrown. */
  failure = null;

  /** @param {{results?: Record<string, unknown>, rounds?: Record<string, number>}} [kept] @param {string} [history] */
  constructor({ results = {}, rounds = {} } = {}, history = "") {
    this.results = results;
    this.rounds = rounds;
    this.history = history;
  }

  /** By their names, with what is always there. */
  get named() {
    return { ...this.results, history: this.history };
  }

  keep(name, value) {
    this.results[name] = value;
    this.results.last = value;
    return value;
  }

  toJSON() {
    return { results: this.results, rounds: this.rounds };
  }
}

/** @type {AsyncLocalStorage<Values>} */
export const currentValues = new AsyncLocalStorage();

/**
 * The workflow that an agent's configuration tells. Throws ConfigError, by dotted path.
 * @param {object} spec @param {Map<string, {native: object, model: object, tools: object[]}>} members By name.
 * @param {import("@agentx/sdk/llm").AgentTool[]} tools
 */
export function compiled(spec, members, tools) {
  return new Compiler(members, tools).whole(spec.workflow);
}

class Compiler {
  #known = new Set();

  constructor(members, tools) {
    this.members = members;
    this.tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  whole(steps) {
    const last = steps.length - 1;
    return this.#row("workflow", steps, "workflow", (place) => place === last);
  }

  /** Steps, one after the other. */
  #row(id, steps, path, isLast = () => false) {
    let workflow = createWorkflow({ id, inputSchema: ANY, outputSchema: ANY });
    for (const [place, step] of steps.entries()) workflow = workflow.then(this.#step(step, `${path}.${place}`, isLast(place)));
    return workflow.commit();
  }

  #step(step, path, isLast) {
    const kinds = KINDS.filter((kind) => isTold(step[kind]));
    if (kinds.length !== 1) throw wrong(path, `needs one of ${KINDS.join(", ")}, and has ${kinds.join(" and ") || "none"}`);
    const [kind] = kinds;
    const made = {
      parallel: () => this.#parallel(step, path),
      branch: () => this.#branch(step, path),
      loop: () => this.#loop(step, path),
    }[kind]?.() ?? this.#simple(step, kind, path, isLast);
    this.#name(step.name, path);
    return made;
  }

  #name(name, path) {
    if (this.#known.has(name)) throw wrong(`${path}.name`, `there are two steps named ${name}`);
    this.#known.add(name);
  }

  #simple(step, kind, path, isLast) {
    const run = { agent: () => this.#agent(step, path, isLast), tool: () => this.#tool(step, path), ask: () => this.#ask(step, path), say: () => this.#say(step, path) }[kind]();
    const waits = kind === "ask" ? { resumeSchema: ANY, suspendSchema: ANY } : {};
    return createStep({ id: step.name, inputSchema: ANY, outputSchema: ANY, ...waits, execute: (context) => tried(step.name, run, context) });
  }

  #agent(step, path, isLast) {
    const member = this.members.get(step.agent);
    if (!member) throw wrong(`${path}.agent`, `there is no member ${step.agent}: ${[...this.members.keys()].join(", ") || "none"}`);
    this.#check(step.prompt, `${path}.prompt`);
    const talker = new Talker(member.native, member.model, { tools: member.tools, output: step.output_schema });
    return (values) => answered(step, talker, values, isLast);
  }

  #tool(step, path) {
    const tool = this.tools.get(step.tool);
    if (!tool) throw wrong(`${path}.tool`, `the agent has no tool ${step.tool}: ${[...this.tools.keys()].join(", ") || "none"}`);
    textsIn(step.arguments).forEach((text) => this.#check(text, `${path}.arguments`));
    return async (values) => {
      const { result, error } = await tool.call(filledIn(step.arguments, values.named));
      if (error) throw new TaskFailed(`the tool ${tool.name} failed: ${error}`, TOOL_FAILED);
      return result;
    };
  }

  #ask(step, path) {
    this.#check(step.ask, `${path}.ask`);
    const schema = isTold(step.schema) ? step.schema : APPROVAL;
    return (values, { resumeData, suspend }) =>
      resumeData === undefined ? suspend({ question: filled(step.ask, values.named), schema }) : resumeData;
  }

  #say(step, path) {
    this.#check(step.say, `${path}.say`);
    return (values) => filled(step.say, values.named);
  }

  /** What a text names must be there by then. */
  #check(text, path) {
    const unknown = namesIn(text ?? "").find((name) => !this.#known.has(name));
    if (unknown) throw wrong(path, `names {${unknown}}, which no step before has made`);
  }

  #parallel({ name, parallel }, path) {
    const steps = parallel.map((step, place) => this.#alone(step, `${path}.parallel.${place}`));
    parallel.forEach((step, place) => this.#name(step.name, `${path}.parallel.${place}`));
    return compound(name, (workflow) => workflow.parallel(steps), (found) => found);
  }

  /** A step beside others, whose results it does not know. */
  #alone(step, path) {
    const kinds = KINDS.slice(0, 4).filter((kind) => isTold(step[kind]));
    if (kinds.length !== 1) throw wrong(path, `needs one of ${KINDS.slice(0, 4).join(", ")}, and has ${kinds.join(" and ") || "none"}`);
    return this.#simple(step, kinds[0], path, false);
  }

  #branch({ name, branch }, path) {
    const before = new Set(this.#known);
    const ways = branch.map(({ when, steps }, place) => {
      this.#condition(when, `${path}.branch.${place}.when`, before);
      const body = this.#row(`${name}#${place}`, steps, `${path}.branch.${place}.steps`);
      const isFirst = (values) => branch.findIndex((way) => holds(way.when, values)) === place;
      return [async () => isFirst(currentValues.getStore().named), body];
    });
    return compound(name, (workflow) => workflow.branch(ways), (found, values) => Object.values(found)[0] ?? values.results.last);
  }

  #loop({ name, loop: { steps, until, most } }, path) {
    const body = this.#row(`${name}#round`, steps, `${path}.loop.steps`);
    this.#condition(until, `${path}.loop.until`, this.#known);
    return compound(name, (workflow) => workflow.dountil(body, async () => isOver(name, until, most)), (found) => found);
  }

  #condition(told, path, known) {
    const [name] = (told?.of ?? "").split(".");
    if (name && !["input", "last"].includes(name) && !known.has(name)) throw wrong(path, `names ${name}, which no step before has made`);
  }
}

/** Whether a loop ends; one that has gone round too often ends the turn. */
function isOver(name, until, most) {
  const values = currentValues.getStore();
  if (holds(until, values.named)) return true;
  values.rounds[name] = (values.rounds[name] ?? 0) + 1;
  if (values.rounds[name] < most) return false;
  values.failure = new TaskFailed(`the loop ${name} did not end within ${most} rounds`, failures.STEPS);
  return true;
}

/** Steps that are one step to the others: a workflow in the workflow, whose last step says what it made. */
function compound(name, add, resultOf) {
  const collect = createStep({
    id: `${name}#result`, inputSchema: ANY, outputSchema: ANY,
    execute: ({ inputData }) => tried(name, (values) => resultOf(inputData, values), {}),
  });
  return add(createWorkflow({ id: name, inputSchema: ANY, outputSchema: ANY })).then(collect).commit();
}

/** Do it, and keep what it makes, or why it does not. */
async function tried(name, run, context) {
  const values = currentValues.getStore();
  try {
    if (values.failure) throw values.failure;
    let isWaiting = false;
    const suspend = (told) => {
      isWaiting = true;
      return context.suspend(told);
    };
    const result = (await run(values, { ...context, suspend })) ?? null;
    return isWaiting ? result : values.keep(name, result);
  } catch (error) {
    values.failure ??= error;
    throw error;
  }
}

async function answered(step, talker, values, isLast) {
  const exchange = currentExchange.getStore();
  const text = step.prompt ? filled(step.prompt, values.named) : inWords(values.results.last);
  // The caller's own message goes on as it is, with its pictures.
  const message = text === values.results.input ? exchange.message : messages.said("user", text);
  let [answer, data] = ["", undefined];
  for await (const piece of talker.answer([message], exchange)) {
    if (typeof piece !== "string") data = piece;
    else answer += piece;
    if (isLast) exchange.emit(piece);
  }
  if (isLast) values.streamed = true;
  else exchange.memberSaid(step.agent, data ?? answer);
  return data ? data.data : answer;
}

function isTold(value) {
  return Boolean(value) && (typeof value !== "object" || Object.keys(value).length > 0);
}

function wrong(path, why) {
  return new ConfigError(`${path}: ${why}`, { [path]: why });
}
