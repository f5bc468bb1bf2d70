// “Try it”: talks to the agent as any A2A client would, shows the answer as it comes, and on demand all that went to and fro.
import { Refused } from "./a2a.js";
import { add } from "./parts.js";
import { Asked } from "./try/asked.js";
import { offerAgain, tell } from "./try/ended.js";
import { bubble, clear, fail, told } from "./try/talk.js";
import { BAD, Turn } from "./try/turn.js";
import { Uploads } from "./uploads.js";

const element = (id) => document.getElementById(id);
const panel = element("try");
const [talk, say, words, send, stop, state, fresh, kind, showRaw] = ["talk", "say", "words", "send", "stop", "try-state", "try-new", "kind", "show-raw"].map(element);
const method = told.streaming === "1" ? "SendStreamingMessage" : "SendMessage";
const TONES = { COMPLETED: "good", WORKING: "busy", SUBMITTED: "busy", INPUT_REQUIRED: "warn", AUTH_REQUIRED: "warn", FAILED: "bad", REJECTED: "bad" };
const uploads = new Uploads({ list: element("files"), input: element("file"), drop: panel, limit: Number(told.limit), told, refuse: (why) => fail(why) });

let context = {};
let running = null;
let asked = null; // the form that waits to be filled in
let seen = new Map(); // artifacts of this conversation that are on the page

function show(name) {
  state.textContent = name.replace("_", " ").toLowerCase();
  state.dataset.tone = TONES[name] ?? "calm";
  state.hidden = !name;
}

// Do what a turn does, and say why where that is refused. False where doing it again may help.
async function attempt(deed) {
  try {
    await deed();
    return true;
  } catch (error) {
    if (error.name === "AbortError") return fail(told.stopped) ?? true;
    if (error instanceof Refused) fail(error.message, error.detail);
    else fail(`${told.failed}: ${error.message}`);
    return false;
  }
}

async function converse(parts) {
  asked?.close();
  asked = null;
  const message = `try-${crypto.randomUUID?.() ?? Date.now()}`;
  const turn = (running = new Turn({ message, seen, show }));
  const before = context;
  add(bubble("user"), parts);
  busy(true);
  const went = await attempt(() => turn.ask(method, { message: { messageId: message, role: "ROLE_USER", parts, ...context } }));
  context = turn.context ?? context;
  turn.tools.leave();
  tell(turn);
  running = null;
  busy(false);
  if (!went || BAD.has(turn.state)) offerAgain(() => again(parts, turn, before), turn.retryAfter);
  ask(turn);
  document.dispatchEvent(new CustomEvent("ax:tried"));
}

// Of a task that has ended nothing more can be asked: the same goes to a new one of its conversation.
function again(parts, turn, before) {
  if (running) return;
  context = turn.state ? { contextId: turn.context?.contextId ?? before.contextId } : before;
  if (!context.contextId) context = {};
  converse(parts);
}

function ask(turn) {
  if (turn.state !== "INPUT_REQUIRED" || !turn.schemas.length) return;
  try {
    asked = new Asked(turn.schemas, converse);
  } catch {
    add(bubble("agent"), turn.schemas.map((data) => ({ data }))); // what cannot be drawn is answered in words
  }
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
  const turn = running ?? new Turn({ show });
  const task = turn.task ?? context.taskId;
  if (!task) return turn.stopped.abort();
  const went = await attempt(() => turn.ask("CancelTask", { id: task }));
  if (running) return;
  if (went) show("CANCELED");
  asked?.close();
  context = { contextId: context.contextId };
  busy(false);
}

function begin() {
  context = {};
  asked = null;
  seen = new Map();
  clear();
  show("");
  busy(false);
  fresh.hidden = true;
}

function reveal(is) {
  panel.dataset.raw = is ? "shown" : "hidden";
  showRaw.setAttribute("aria-expanded", is);
  localStorage.setItem("try.raw", is ? "1" : "");
}

// From a task's page: go on with that conversation, or answer what that task asked, which is shown again.
async function goOn(contextId, taskId) {
  context = { contextId, ...(taskId && { taskId }) };
  talk.querySelector(".hint").textContent = told.goesOn;
  busy(false);
  if (!taskId) return;
  const turn = new Turn({ seen, show });
  const went = await turn.ask("GetTask", { id: taskId, historyLength: 0 }).then(() => true, () => false);
  if (went && !running) ask(turn);
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

const from = new URLSearchParams(location.search);
if (from.get("context")) goOn(from.get("context"), from.get("task"));
