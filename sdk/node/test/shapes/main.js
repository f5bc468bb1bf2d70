/** Every shape that `process` may have, chosen by the message's text: what the tests talk to. */

import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import {
  Adapter, Artifact, AuthRequired, ConfigError, DirectMessage, InputRequired, Logger, Message, Model,
  Part, Reply, Status, TaskFailed, TaskRejected, ToolCall, ToolResult, Usage, run, tool,
} from "@agentx/sdk";

const logger = new Logger("shapes");

async function* tokens(turn) {
  try {
    for (const word of ["one ", "two ", "three"]) {
      yield word;
      await sleep((turn.metadata.pause ?? 0) * 1000, undefined, { signal: turn.signal });
    }
  } finally {
    if (turn.cancelled) note(turn, "closed");
  }
}

function* plain() {
  yield "step ";
  yield "by step";
}

async function* mixed() {
  yield new Status("thinking", { metadata: { step: 1 } });
  yield "some ";
  yield { n: 1 };
  yield "text";
  yield new Artifact("a file", { name: "report", artifactId: "r1", lastChunk: false });
  yield new Artifact(" and more", { artifactId: "r1", append: true });
  yield new InputRequired("go on?");
  yield "never sent";
}

async function* authorised() {
  yield new AuthRequired("log in there");
  yield "thank you";
}

async function* tooDirect() {
  yield new Status("thinking");
  yield new DirectMessage("after all");
}

async function* breaks() {
  yield "some";
  throw new TaskFailed("half way", "half_way");
}

/** A turn around a model, as everybody sees it. */
async function* works(turn) {
  turn.memory.set("turns", (turn.memory.get("turns") ?? 0) + 1);
  yield new ToolCall("c1", "clock", { zone: "UTC" });
  yield new ToolResult("c1", "clock", { result: "noon" });
  yield new ToolResult("c2", "clock", { error: "it broke" });
  yield new Usage("m", { inputTokens: 2, outputTokens: 1, cost: 0.5 });
  yield new Usage("m", { inputTokens: 3, outputTokens: 1, cost: 0.25 });
  if (turn.metadata.ask) yield new InputRequired("go on?", { schema: { type: "boolean" } });
  yield `turn ${turn.memory.get("turns")}`;
}

async function* forgets(turn) {
  turn.memory.set("turns", 100);
  throw new TaskFailed("no more", "limited", { retryAfterSeconds: 7 });
}

async function* returns() {
  yield "asking: ";
  return new InputRequired("which?");
}

function note(turn, word) {
  if (turn.metadata.note) fs.writeFileSync(turn.metadata.note, word);
}

/** What the turn tells its author. */
function about(turn) {
  return {
    kinds: turn.parts.map((part) => part.kind),
    metadata: turn.metadata,
    config: turn.config,
    ids: [turn.taskId, turn.contextId, turn.messageId, turn.agent.id],
    caller: turn.caller,
    history: turn.history.map((message) => [message.role, message.text]),
    secondsLeft: turn.secondsLeft,
    modes: turn.acceptedOutputModes,
    cancelled: turn.cancelled,
  };
}

class Shapes extends Adapter {
  version = "2.0.0";
  framework = "shapes";
  capabilities = ["shapes"];
  secretFields = ["hidden"];
  configSchema = {
    type: "object",
    properties: { size: { type: "integer", minimum: 1, default: 3 }, colour: { enum: ["red", "blue"] } },
  };
  sick = "";

  process(turn) {
    const shapes = {
      none: () => undefined,
      dict: () => ({ a: [1, null] }),
      reply: () => new Reply(["see", { k: 1 }], { metadata: { m: 1 } }),
      artifact: () => new Artifact("x", { name: "doc", description: "d" }),
      message: () => new Message("direct"),
      file: () => new Part({ raw: Buffer.from([0, 255]), mediaType: "image/png", filename: "p.png" }),
      input: () => new InputRequired("which?"),
      direct: () => new DirectMessage("no task"),
      "too direct": tooDirect,
      tokens: () => tokens(turn),
      plain,
      mixed,
      authorised,
      breaks,
      returns,
      works: () => works(turn),
      forgets: () => forgets(turn),
      counted: () => {
        turn.memory.set("turns", turn.memory.get("turns") + 1);
        return String(turn.memory.get("turns"));
      },
      token: () => [turn.token, turn.agentxUrl],
      object: () => new Date(0),
      state: () => new Status("?", { state: "nonsense" }),
      console: () => console.warn("a banner") ?? "printed",
      log: () => logger.info("look at %s", "this") ?? "logged",
      long: () => logger.info("é".repeat(30_000)) ?? "logged",
      about: () => about(turn),
      bug: () => undefined.missing,
      text: () => { throw "only words"; },
      reject: () => { throw new TaskRejected("not this"); },
      big: () => "x".repeat(17 * 1024 * 1024),
      nap: () => sleep(turn.metadata.seconds * 1000, "slept", { signal: turn.signal }),
      deaf: () => sleep(turn.metadata.seconds * 1000, "slept"),
      block: () => { for (;;); },
      stray: () => { Promise.reject(new Error("nobody looks")); return "fine"; },
      crash: () => { setImmediate(() => { throw new Error("out of nowhere"); }); return sleep(5000); },
      remember: () => this.state.set("word", turn.metadata.word) && "kept",
      recall: () => this.state.get("word") ?? "nothing",
      sicken: () => { this.sick = "a cold"; },
      config: () => this.config,
    };
    return (shapes[turn.text] ?? (() => turn.text))();
  }

  createAgent(agent) {
    if (agent.config.bad) throw new ConfigError("bad is set", { bad: "must not be set" });
  }

  updateConfig(config) {
    return "later" in config;
  }

  health() {
    return this.sick;
  }

  models() {
    return ["small", new Model("large", { provider: "us", metadata: { context: 8 } })];
  }

  tools() {
    const inputSchema = {
      type: "object",
      required: ["a"],
      properties: { a: { type: "number" }, b: { type: "number", default: 1 } },
    };
    const fail = () => { throw new TaskFailed("no luck", "luck"); };
    return [tool({ name: "add", description: "Adds.", inputSchema }, ({ a, b }) => a + b), tool({ name: "fail" }, fail)];
  }

  async shutdown() {
    logger.info("shapes shut down");
  }
}

run(new Shapes());
