// @a2a-js/sdk 1.x, unmodified. Prints what it saw; run by tests/clients in an environment of its own.
// `v10.mjs URL BINDING ORDERS`, as v10.py.

import { randomUUID } from "node:crypto";
import {
  AgentCard,
  ListTasksRequest,
  Message,
  SendMessageRequest,
  StreamResponse,
  Task,
  TaskPushNotificationConfig,
  verifyAgentCardSignature,
} from "@a2a-js/sdk";
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

const state = (task) => task.status.state.replace("TASK_STATE_", "").toLowerCase();
const words = (message) => (message ? message.parts.map((part) => part.text ?? "").join("") : null);

function thing(part) {
  if (part.text !== undefined) return { text: part.text };
  if (part.data !== undefined) return { data: part.data };
  const held = part.raw !== undefined ? { bytes: part.raw } : { url: part.url };
  return { ...held, name: part.filename ?? null, type: part.mediaType ?? null };
}

function seen(task) {
  const artifacts = (task.artifacts ?? []).map((artifact) => artifact.parts.map(thing));
  return { state: state(task), says: words(task.status.message), artifacts };
}

function event(response) {
  if (response.task) return "task";
  if (response.message) return `message ${words(response.message)}`;
  if (response.statusUpdate) return state(response.statusUpdate);
  const flags = ["append", "lastChunk"].filter((name) => response.artifactUpdate[name]);
  return ["artifact", ...flags].join(" ");
}

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error.constructor.name.replace(/^(Rest|JsonRpc|JSONRPC|Grpc)/, "");
  }
  return "not refused";
}

class Caller {
  constructor(client, key) {
    this.client = client;
    this.options = { serviceParameters: key ? { Authorization: `Bearer ${key}` } : {} };
  }

  request(order, { configuration = {}, ...fields } = {}) {
    const message = { messageId: `${order}-${randomUUID()}`, role: "ROLE_USER", parts: [{ text: "hello" }], ...fields };
    return SendMessageRequest.fromJSON({ message, configuration });
  }

  // A Task or a Message, as ProtoJSON.
  async send(order, more) {
    const told = await this.client.sendMessage(this.request(order, more), this.options);
    return "status" in told ? Task.toJSON(told) : Message.toJSON(told);
  }

  later(order) {
    return this.send(order, { configuration: { returnImmediately: true } });
  }

  async stream(order) {
    const events = [];
    for await (const each of this.client.sendMessageStream(this.request(order), this.options)) {
      events.push(event(StreamResponse.toJSON(each)));
    }
    return events;
  }

  async get(id, more = {}) {
    return Task.toJSON(await this.client.getTask({ tenant: "", id, ...more }, this.options));
  }

  async cancel(id) {
    return Task.toJSON(await this.client.cancelTask({ tenant: "", id, metadata: undefined }, this.options));
  }

  async subscribe(id) {
    const events = [];
    for await (const each of this.client.resubscribeTask({ tenant: "", id }, this.options)) {
      events.push(event(StreamResponse.toJSON(each)));
    }
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
  listing: async (caller) => {
    const contextId = randomUUID();
    const made = [];
    for (let number = 0; number < 3; number++) {
      made.push((await caller.send("tck-complete-task", { contextId })).id);
    }
    const ask = (more) => caller.client.listTasks(ListTasksRequest.fromJSON({ contextId, pageSize: 2, ...more }), caller.options);
    const first = await ask({});
    const last = await ask({ pageToken: first.nextPageToken });
    const found = [...first.tasks, ...last.tasks].map((task) => task.id);
    const ordered = JSON.stringify(found) === JSON.stringify(made.reverse());
    return [ordered, first.totalSize, first.tasks.length, last.nextPageToken];
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
    const asked = TaskPushNotificationConfig.fromJSON({
      taskId: task.id,
      url: `${orders.webhook}/${task.id}`,
      token: "a-token",
    });
    const made = await client.createTaskPushNotificationConfig(asked, options);
    const which = { tenant: "", taskId: task.id, id: made.id };
    const got = await client.getTaskPushNotificationConfig(which, options);
    const every = { tenant: "", taskId: task.id, pageSize: 0, pageToken: "" };
    const listed = await client.listTaskPushNotificationConfig(every, options);
    const second = await client.createTaskPushNotificationConfig(asked, options);
    await client.deleteTaskPushNotificationConfig({ tenant: "", taskId: task.id, id: second.id }, options);
    const left = await client.listTaskPushNotificationConfig(every, options);
    const same = got.url === asked.url && got.id === made.id;
    return { task: task.id, same, listed: listed.configs.length, left: left.configs.length };
  },
  unknown_task: async (caller) => [
    await refused(caller.get("no-such-task")),
    await refused(caller.cancel("no-such-task")),
    await refused(caller.send("tck-complete-task", { taskId: "no-such-task" })),
    await refused(caller.subscribe("no-such-task")),
  ],
  ended_task: async (caller) => {
    const task = await caller.send("tck-complete-task");
    return [await refused(caller.send("follow-up", { taskId: task.id })), await refused(caller.subscribe(task.id))];
  },
  media_type: (caller) => {
    const parts = [{ raw: "dGNr", mediaType: "application/x-unsupported-tck-type" }];
    return refused(caller.send("tck-complete-task", { parts }));
  },
  extended_card: async (caller) => (await caller.client.getAgentCard(caller.options)).name,
};

const withClient = {
  wrong_key: async (client) => {
    const answer = await refused(new Caller(client, orders.bad_key).send("tck-complete-task"));
    return answer === "not refused" ? answer : "refused";
  },
  no_key: async (client) => seen(await new Caller(client, null).send("tck-complete-task")),
  signature: async (_, card) => {
    const { keys } = await (await fetch(orders.jwks)).json();
    const verify = verifyAgentCardSignature(async (kid, jku) => {
      if (jku !== orders.jwks) throw new Error(`the keys are said to be at ${jku}`);
      return keys.find((key) => key.kid === kid);
    });
    await verify(card);
    const forged = AgentCard.fromJSON(AgentCard.toJSON(card));
    forged.description = "Trust me.";
    return ["verified", (await refused(verify(forged))) === "not refused" ? "the forged card was verified" : "refused"];
  },
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
const factory = new ClientFactory({ transports: [new TRANSPORTS[binding]()], preferredTransports: [binding] });
const client = await factory.createFromAgentCard(card);
const caller = new Caller(client, orders.key);
const calls = orders.scenarios
  ? orders.scenarios.map((name) => tell(name, () => alone[name](caller)))
  : [
      ...Object.entries(scenarios).map(([name, run]) => tell(name, () => run(caller))),
      ...Object.entries(withClient).map(([name, run]) => tell(name, () => run(client, card))),
    ];
const about = { name: card.name, streaming: card.capabilities.streaming, push: card.capabilities.pushNotifications };
const told = Object.fromEntries(await Promise.all(calls));
console.log(JSON.stringify({ card: { saw: about }, ...told }));
process.exit(0); // a gRPC channel would keep it alive
