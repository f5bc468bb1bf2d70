// “Try it”: talks to the agent as any A2A client would, shows the answer as it comes, and on demand all that went to and fro.
import { Refused, answers, request } from "./a2a.js";
import { duration } from "./figures.js";
import { add } from "./parts.js";
import { Uploads } from "./uploads.js";

const element = (id) => document.getElementById(id);
const panel = element("try");
const told = panel.dataset;
const [talk, raw, say, words, send, stop, state, fresh, kind, showRaw] = ["talk", "raw", "say", "words", "send", "stop", "try-state", "try-new", "kind", "show-raw"].map(element);
const url = `/a2a/${told.agent}/`;
const method = told.streaming === "1" ? "SendStreamingMessage" : "SendMessage";
const waits = new Set(["INPUT_REQUIRED", "AUTH_REQUIRED"]);
const TONES = { COMPLETED: "good", WORKING: "busy", SUBMITTED: "busy", INPUT_REQUIRED: "warn", AUTH_REQUIRED: "warn", FAILED: "bad", REJECTED: "bad" };
const LONG = 400; // characters of one value in the exchange
const uploads = new Uploads({ list: element("files"), input: element("file"), drop: panel, limit: Number(told.limit), told, refuse: (why) => fail(why) });

let context = {};
let running = null;

const bare = (name) => name.replace("TASK_STATE_", "");

function bubble(role) {
  const said = Object.assign(document.createElement("div"), { className: "said" });
  said.dataset.role = role;
  talk.append(said);
  return said;
}

function fail(message, detail = "") {
  const said = bubble("error");
  said.setAttribute("role", "alert");
  said.textContent = message;
  if (detail) said.append(Object.assign(document.createElement("small"), { textContent: detail }));
  talk.scrollTop = talk.scrollHeight;
}

function note(mark, event) {
  const line = document.createElement("div");
  const text = JSON.stringify(event, (_, value) => (typeof value === "string" && value.length > LONG ? `${value.slice(0, LONG)}… (${value.length})` : value));
  line.append(Object.assign(document.createElement("span"), { className: "t", textContent: `${mark}  ` }), text);
  raw.append(line);
  raw.scrollTop = raw.scrollHeight;
}

function show(name) {
  state.textContent = name.replace("_", " ").toLowerCase();
  state.dataset.tone = TONES[name] ?? "calm";
  state.hidden = !name;
}

class Turn {
  // One message and its answer. Each artifact has its own bubble, and may grow by pieces.
  constructor() {
    this.began = performance.now();
    this.first = null;
    this.bubbles = new Map();
    this.stopped = new AbortController();
  }

  get passed() {
    return performance.now() - this.began;
  }

  take({ task, message, artifactUpdate, statusUpdate }) {
    if (task) this.takeTask(task);
    if (message) this.takeMessage(message);
    if (artifactUpdate) this.takeArtifact(artifactUpdate.artifact, artifactUpdate.append);
    if (statusUpdate) this.takeStatus(statusUpdate.status, statusUpdate);
  }

  takeTask(task) {
    this.takeStatus(task.status, { taskId: task.id, contextId: task.contextId });
    for (const artifact of task.artifacts ?? []) this.takeArtifact(artifact, false);
  }

  takeMessage(message) {
    context = message.contextId ? { contextId: message.contextId } : context;
    this.isDirect = true;
    show("");
    this.write(message.messageId, message.parts);
  }

  takeArtifact(artifact, append) {
    this.write(`artifact ${artifact.artifactId}`, artifact.parts, { append, name: artifact.name });
  }

  takeStatus(status, { taskId, contextId }) {
    this.task = taskId;
    const name = bare(status.state);
    context = waits.has(name) ? { contextId, taskId } : { contextId };
    show(name);
    if (status.message) this.write(status.message.messageId, status.message.parts, { role: TONES[name] === "bad" ? "error" : "agent" });
  }

  write(key, parts, { append = false, role = "agent", name = "" } = {}) {
    this.first ??= this.passed;
    if (!this.bubbles.has(key)) this.bubbles.set(key, this.begin(role, name));
    const said = this.bubbles.get(key);
    if (!append) said.replaceChildren();
    add(said, parts);
    talk.scrollTop = talk.scrollHeight;
  }

  begin(role, name) {
    const said = bubble(role);
    if (!name) return said;
    const inside = document.createElement("div");
    said.append(Object.assign(document.createElement("small"), { textContent: name }), inside);
    return inside;
  }

  finish() {
    const meta = Object.assign(document.createElement("div"), { className: "meta" });
    if (this.first) meta.append(`${told.first} ${duration(this.first / 1000)} · ${duration(this.passed / 1000)} ${told.total}`);
    if (this.isDirect) meta.append(this.first ? ` · ${told.direct}` : told.direct);
    if (this.task) meta.append(Object.assign(document.createElement("a"), { className: "ax-link", href: `/tasks/${this.task}/`, textContent: told.task }));
    talk.append(meta);
    talk.scrollTop = talk.scrollHeight;
  }

  async ask(call, params) {
    const body = request(call, params);
    const heard = (event) => note(`← +${Math.round(this.passed)} ms`, event);
    note(`→ POST ${url}`, body);
    for await (const result of answers(url, body, { extensions: told.extensions, signal: this.stopped.signal, heard })) if (call !== "CancelTask") this.take(result);
  }
}

async function converse(parts) {
  const turn = (running = new Turn());
  add(bubble("user"), parts);
  busy(true);
  try {
    await turn.ask(method, { message: { messageId: `try-${Date.now()}`, role: "ROLE_USER", parts, ...context } });
  } catch (error) {
    if (error.name === "AbortError") fail(told.stopped);
    else if (error instanceof Refused) fail(error.message, error.detail);
    else fail(`${told.failed}: ${error.message}`);
  }
  turn.finish();
  running = null;
  busy(false);
  document.dispatchEvent(new CustomEvent("ax:tried"));
}

function busy(is) {
  talk.setAttribute("aria-busy", is);
  send.hidden = is;
  stop.hidden = !is && !context.taskId;
  words.readOnly = is;
  fresh.hidden = is;
  words.placeholder = context.taskId && !is ? told.answer : told.say;
  if (!is) words.focus({ preventScroll: true });
}

// The parts that the form holds; null, and said why, when they cannot be sent.
async function written() {
  const text = words.value.trim();
  if (!text && !uploads.files.length) return null;
  try {
    const first = text && (kind.value === "json" ? { data: JSON.parse(text) } : { text: words.value });
    return [...(first ? [first] : []), ...(await uploads.take())];
  } catch (error) {
    fail(`${kind.value === "json" ? told.notJson : told.failed}: ${error.message}`);
    return null;
  }
}

async function submit() {
  if (running) return;
  talk.querySelector(".hint")?.remove();
  const parts = await written();
  if (!parts) return;
  words.value = "";
  await converse(parts);
}

async function cancel() {
  const turn = running ?? new Turn();
  const task = turn.task ?? context.taskId;
  if (!task) return turn.stopped.abort();
  try {
    await turn.ask("CancelTask", { id: task });
    if (!running) show("CANCELED");
  } catch (error) {
    fail(error.message, error.detail);
  }
  if (running) return;
  context = { contextId: context.contextId };
  busy(false);
}

function begin() {
  context = {};
  talk.replaceChildren();
  raw.replaceChildren();
  show("");
  busy(false);
  fresh.hidden = true;
}

function reveal(is) {
  panel.dataset.raw = is ? "shown" : "hidden";
  showRaw.setAttribute("aria-expanded", is);
  localStorage.setItem("try.raw", is ? "1" : "");
}

say.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
words.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running) cancel();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  say.requestSubmit();
});
stop.addEventListener("click", cancel);
fresh.addEventListener("click", begin);
showRaw.addEventListener("click", () => reveal(panel.dataset.raw !== "shown"));
reveal(Boolean(localStorage.getItem("try.raw")));

// From a task's page: go on with that conversation, or answer what that task asked.
const asked = new URLSearchParams(location.search);
if (asked.get("context")) {
  context = { contextId: asked.get("context"), ...(asked.get("task") && { taskId: asked.get("task") }) };
  talk.querySelector(".hint").textContent = told.goesOn;
  busy(false);
  fresh.hidden = false;
}
