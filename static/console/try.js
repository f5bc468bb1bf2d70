// “Try it”: sends a message to the agent as any A2A client would (SendStreamingMessage), shows the answer
// as it streams, and beside it every event as it came.
import { duration } from "./figures.js";

const panel = document.getElementById("try");
const [talk, raw, say, words, send, stop, state, fresh] = ["talk", "raw", "say", "words", "send", "stop", "try-state", "try-new"].map((id) => document.getElementById(id));
const url = `/a2a/${panel.dataset.agent}/`;
const over = new Set(["TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED"]);
const waits = new Set(["TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"]);
let context = {};
let running = null;

const cookie = (name) => document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
const text = (parts = []) => parts.map((part) => part.text ?? JSON.stringify(part.data ?? part, null, 2)).join("");

function call(method, params, signal) {
  return fetch(url, {
    method: "POST", signal,
    headers: { "Content-Type": "application/json", Accept: "text/event-stream, application/json", "A2A-Version": "1.0", "X-CSRFToken": cookie("csrftoken") },
    body: JSON.stringify({ jsonrpc: "2.0", id: crypto.randomUUID?.() ?? String(Date.now()), method, params }),
  });
}

function bubble(role) {
  const said = document.createElement("div");
  said.className = "said";
  said.dataset.role = role;
  talk.append(said);
  return said;
}

function note(event, since) {
  const line = document.createElement("div");
  const time = Object.assign(document.createElement("span"), { className: "t", textContent: `+${Math.round(performance.now() - since)} ms  ` });
  line.append(time, JSON.stringify(event));
  raw.append(line);
  raw.scrollTop = raw.scrollHeight;
}

async function* events(answer) {
  if (!answer.headers.get("content-type")?.includes("event-stream")) {
    yield await answer.json();
    return;
  }
  let waiting = "";
  for await (const piece of pieces(answer.body.pipeThrough(new TextDecoderStream()))) {
    const blocks = (waiting + piece).split(/\r?\n\r?\n/);
    waiting = blocks.pop();
    for (const block of blocks) {
      const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length) yield JSON.parse(data.join("\n"));
    }
  }
}

async function* pieces(stream) {
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

class Turn {
  // One message and its answer. Artifacts may grow by pieces; each has its own bubble.
  constructor() {
    this.began = performance.now();
    this.first = null;
    this.bubbles = new Map();
    this.stopped = new AbortController();
  }

  take(event) {
    note(event, this.began);
    if (event.error) return this.fail(event.error.message);
    const result = event.result ?? {};
    if (result.task) this.takeTask(result.task);
    if (result.message) this.write("message", text(result.message.parts), false);
    if (result.artifactUpdate) this.takeArtifact(result.artifactUpdate);
    if (result.statusUpdate) this.takeStatus(result.statusUpdate.status, result.statusUpdate);
  }

  takeTask(task) {
    this.takeStatus(task.status, { taskId: task.id, contextId: task.contextId });
    for (const artifact of task.artifacts ?? []) this.write(artifact.artifactId, text(artifact.parts), false);
  }

  takeArtifact({ artifact, append }) {
    this.write(artifact.artifactId, text(artifact.parts), append);
  }

  takeStatus(status, { taskId, contextId }) {
    this.task = taskId;
    this.state = status.state;
    context = waits.has(status.state) ? { contextId, taskId } : { contextId };
    state.textContent = status.state.replace("TASK_STATE_", "").replace("_", " ").toLowerCase();
    const told = text(status.message?.parts);
    if (told && (over.has(status.state) || waits.has(status.state))) this.write("status", told, false, status.state === "TASK_STATE_FAILED");
  }

  write(key, words, append, isError = false) {
    this.first ??= performance.now();
    if (!this.bubbles.has(key)) this.bubbles.set(key, bubble(isError ? "error" : "agent"));
    const said = this.bubbles.get(key);
    said.textContent = append ? said.textContent + words : words;
    talk.scrollTop = talk.scrollHeight;
  }

  fail(message) {
    bubble("error").textContent = message;
  }

  finish() {
    const meta = Object.assign(document.createElement("div"), { className: "meta" });
    const passed = (moment) => duration((moment - this.began) / 1000);
    if (this.first) meta.append(`${panel.dataset.first} ${passed(this.first)} · ${passed(performance.now())} ${panel.dataset.total}`);
    if (this.task) {
      const link = Object.assign(document.createElement("a"), { className: "ax-link", href: `/tasks/${this.task}/`, textContent: panel.dataset.task });
      meta.append(link);
    }
    talk.append(meta);
    talk.scrollTop = talk.scrollHeight;
  }
}

async function converse(words) {
  const turn = (running = new Turn());
  bubble("user").textContent = words;
  raw.replaceChildren();
  busy(true);
  try {
    const message = { messageId: `try-${Date.now()}`, role: "ROLE_USER", parts: [{ text: words }], ...context };
    const answer = await call("SendStreamingMessage", { message }, turn.stopped.signal);
    for await (const event of events(answer)) turn.take(event);
  } catch (error) {
    turn.fail(error.name === "AbortError" ? panel.dataset.stopped : `${panel.dataset.failed}: ${error.message}`);
  }
  turn.finish();
  running = null;
  busy(false);
}

function busy(is) {
  send.hidden = is;
  stop.hidden = !is;
  words.readOnly = is;
  fresh.hidden = is;
  if (!is) words.focus();
}

say.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running || !words.value.trim()) return;
  if (!talk.querySelector(".said")) talk.replaceChildren();
  const told = words.value;
  words.value = "";
  converse(told);
});
words.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say.requestSubmit();
  }
});
stop.addEventListener("click", async () => {
  const turn = running;
  if (turn?.task) await call("CancelTask", { id: turn.task });
  else turn?.stopped.abort();
});
fresh.addEventListener("click", () => {
  context = {};
  talk.replaceChildren();
  raw.replaceChildren();
  state.textContent = "";
  fresh.hidden = true;
});
