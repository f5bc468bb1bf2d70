// @a2a-js/sdk 0.3, unmodified. Prints what it saw; run by tests/clients in an environment of its own.
// `v03.mjs URL BINDING ORDERS`, as v10.py.

import { randomUUID } from "node:crypto";
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";
import { GrpcTransportFactory } from "@a2a-js/sdk/client/grpc";

const [url, binding, given] = process.argv.slice(2);
const orders = JSON.parse(given);
const TRANSPORTS = { JSONRPC: JsonRpcTransportFactory, "HTTP+JSON": RestTransportFactory, GRPC: GrpcTransportFactory };

const state = (task) => task.status.state.replace("-", "_");
const words = (message) => (message ? message.parts.map((part) => part.text ?? "").join("") : null);

function thing(part) {
  if (part.kind !== "file") return { [part.kind]: part[part.kind] };
  const held = part.file.bytes !== undefined ? { bytes: part.file.bytes } : { url: part.file.uri };
  return { ...held, name: part.file.name ?? null, type: part.file.mimeType ?? null };
}

function seen(task) {
  const artifacts = (task.artifacts ?? []).map((artifact) => artifact.parts.map(thing));
  return { state: state(task), says: words(task.status.message), artifacts };
}

function event(told) {
  if (told.kind === "task") return "task";
  if (told.kind === "message") return `message ${words(told)}`;
  if (told.kind === "status-update") return state(told) + (told.final ? " final" : "");
  return ["artifact", ...["append", "lastChunk"].filter((name) => told[name])].join(" ");
}

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error.constructor.name.replace("JSONRPC", "");
  }
  return "not refused";
}

class Caller {
  constructor(client, key) {
    this.client = client;
    const known = key ? { Authorization: `Bearer ${key}` } : {};
    // gRPC in 0.3 has no field for which agent of a host is meant.
    this.options = { serviceParameters: { ...known, "x-agentx-agent": "conformance" } };
  }

  params(order, { configuration = {}, ...fields } = {}) {
    const message = {
      kind: "message",
      messageId: `${order}-${randomUUID()}`,
      role: "user",
      parts: [{ kind: "text", text: "hello" }],
      ...fields,
    };
    return { message, configuration: { blocking: true, acceptedOutputModes: [], ...configuration } };
  }

  send(order, more) {
    return this.client.sendMessage(this.params(order, more), this.options);
  }

  later(order) {
    return this.send(order, { configuration: { blocking: false } });
  }

  async stream(order) {
    const events = [];
    for await (const each of this.client.sendMessageStream(this.params(order), this.options)) events.push(event(each));
    return events;
  }

  get(id, more = {}) {
    return this.client.getTask({ id, ...more }, this.options);
  }

  cancel(id) {
    return this.client.cancelTask({ id }, this.options);
  }

  async subscribe(id) {
    const events = [];
    for await (const each of this.client.resubscribeTask({ id }, this.options)) events.push(event(each));
    return events;
  }
}

const scenarios = {
  send: async (caller) => seen(await caller.send("tck-complete-task")),
  stream: (caller) => caller.stream("tck-stream-001"),
  chunked: (caller) => caller.stream("tck-stream-artifact-chunked"),
  direct: async (caller) => {
    const answer = await caller.send("tck-message-response");
    return [`message ${words(answer)}`, Boolean(answer.taskId), Boolean(answer.contextId)];
  },
  direct_stream: (caller) => caller.stream("tck-message-response"),
  multi_turn: async (caller) => {
    const asked = await caller.send("tck-input-required");
    const answered = await caller.send("follow-up", { taskId: asked.id });
    return [state(asked), state(answered), asked.id === answered.id && asked.contextId === answered.contextId];
  },
  authentication: async (caller) => {
    const asked = await caller.send("tck-auth-required");
    return [state(asked), state(await caller.send("follow-up", { taskId: asked.id }))];
  },
  artifacts: async (caller) => {
    const found = {};
    for (const kind of ["text", "file", "file-url", "data"]) {
      found[kind] = seen(await caller.send(`tck-artifact-${kind}`)).artifacts;
    }
    return found;
  },
  ends: async (caller) => [state(await caller.send("tck-task-failure")), state(await caller.send("tck-reject-task"))],
  get: async (caller) => {
    const task = await caller.send("tck-complete-task");
    const short = await caller.get(task.id, { historyLength: 1 });
    const whole = await caller.get(task.id);
    return [state(whole), short.history.length, whole.history[0].role];
  },
  cancel: async (caller) => {
    const task = await caller.later("tck-cancel");
    const ended = await caller.cancel(task.id);
    return [["submitted", "working"].includes(state(task)), state(ended), await refused(caller.cancel(task.id))];
  },
  subscribe: async (caller) => {
    const task = await caller.later("tck-delayed-complete");
    const events = await caller.subscribe(task.id);
    return [events.at(0), events.at(-1)];
  },
  push: async (caller) => {
    const { client, options } = caller;
    const task = await caller.later("tck-delayed-complete");
    const asked = {
      taskId: task.id,
      pushNotificationConfig: { id: "mine", url: `${orders.webhook}/${task.id}`, token: "a-token" },
    };
    const made = await client.setTaskPushNotificationConfig(asked, options);
    const which = { id: task.id, pushNotificationConfigId: made.pushNotificationConfig.id };
    const got = await client.getTaskPushNotificationConfig(which, options);
    const listed = await client.listTaskPushNotificationConfig({ id: task.id }, options);
    asked.pushNotificationConfig = { ...asked.pushNotificationConfig, id: "second" };
    await client.setTaskPushNotificationConfig(asked, options);
    await client.deleteTaskPushNotificationConfig({ id: task.id, pushNotificationConfigId: "second" }, options);
    const left = await client.listTaskPushNotificationConfig({ id: task.id }, options);
    const same = got.pushNotificationConfig.url === asked.pushNotificationConfig.url;
    return { task: task.id, same, listed: listed.length, left: left.length };
  },
  unknown_task: async (caller) => [
    await refused(caller.get("no-such-task")),
    await refused(caller.cancel("no-such-task")),
    await refused(caller.send("tck-complete-task", { taskId: "no-such-task" })),
    await refused(caller.subscribe("no-such-task")),
  ],
  ended_task: async (caller) => {
    const task = await caller.send("tck-complete-task");
    return refused(caller.send("follow-up", { taskId: task.id }));
  },
  media_type: (caller) => {
    const parts = [{ kind: "file", file: { bytes: "dGNr", mimeType: "application/x-unsupported-tck-type" } }];
    return refused(caller.send("tck-complete-task", { parts }));
  },
};

const withClient = {
  wrong_key: async (client) => {
    const answer = await refused(new Caller(client, orders.bad_key).send("tck-complete-task"));
    return answer === "not refused" ? answer : "refused";
  },
  no_key: async (client) => seen(await new Caller(client, null).send("tck-complete-task")),
};

const alone = {
  read: async (caller) => {
    const task = await caller.get(orders.task);
    const more = await caller.send("tck-complete-task", { contextId: task.contextId });
    return { ...seen(task), joined: more.contextId === task.contextId };
  },
  begin: async (caller) => (await caller.send("tck-artifact-data")).id,
};

async function tell(name, call) {
  try {
    return [name, { saw: await call() }];
  } catch (error) {
    return [name, { failed: `${error.constructor.name}: ${error.message}` }];
  }
}

const card = await new DefaultAgentCardResolver().resolve(url);
if (binding === "GRPC") {
  // One port serves every agent and 0.3 cannot say which, so cards do not list it: clients are told.
  card.additionalInterfaces = [...(card.additionalInterfaces ?? []), { transport: "GRPC", url: orders.grpc }];
}
const factory = new ClientFactory({ transports: [new TRANSPORTS[binding]()], preferredTransports: [binding] });
const client = await factory.createFromAgentCard(card);
const caller = new Caller(client, orders.key);
const calls = orders.scenarios
  ? orders.scenarios.map((name) => tell(name, () => alone[name](caller)))
  : [
      ...Object.entries(scenarios).map(([name, run]) => tell(name, () => run(caller))),
      ...Object.entries(withClient).map(([name, run]) => tell(name, () => run(client))),
    ];
const about = { name: card.name, streaming: card.capabilities.streaming, push: card.capabilities.pushNotifications };
const told = Object.fromEntries(await Promise.all(calls));
console.log(JSON.stringify({ card: { saw: about }, ...told }));
process.exit(0); // a gRPC channel would keep it alive
