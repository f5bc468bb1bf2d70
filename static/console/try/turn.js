// One message and its answer, drawn as it comes. Each artifact has its own bubble, and may grow by pieces.
import { answers, request } from "../a2a.js";
import { add } from "../parts.js";
import { isSchema } from "./asked.js";
import { bubble, follow, make, note, told } from "./talk.js";
import { Tools, isOfTool } from "./tools.js";

export const WAITS = new Set(["INPUT_REQUIRED", "AUTH_REQUIRED"]);
export const BAD = new Set(["FAILED", "REJECTED"]);
const url = `/a2a/${told.agent}/`;
const bare = (name) => name.replace("TASK_STATE_", "");

export class Turn {
  // message: its id, to tell what was said after it; seen: artifacts that earlier turns of the task drew already, by
  // their id, as how many parts they had; show(state): how the task is.
  constructor({ message = "", seen = new Map(), show }) {
    Object.assign(this, { message, seen, show, began: performance.now(), first: null, state: "", usage: [], schemas: [], isDirect: false });
    this.said = new Set(); // messages that are drawn
    this.bubbles = new Map();
    this.tools = new Tools(() => this.passed);
    this.stopped = new AbortController();
  }

  get passed() {
    return performance.now() - this.began;
  }

  async ask(call, params) {
    const body = request(call, params);
    const heard = (event) => note(`← +${Math.round(this.passed)} ms`, event);
    note(`→ POST ${url}`, body);
    const heardOf = answers(url, body, { extensions: told.extensions, signal: this.stopped.signal, heard });
    for await (const result of heardOf) if (call !== "CancelTask") this.take(call === "GetTask" ? { task: result } : result);
  }

  take({ task, message, artifactUpdate, statusUpdate }) {
    if (task) this.takeTask(task);
    if (message) this.takeMessage(message);
    if (artifactUpdate) this.takeArtifact(artifactUpdate.artifact, artifactUpdate.append);
    if (statusUpdate) this.takeStatus(statusUpdate.status, statusUpdate);
  }

  // What was said after this turn's message, and the artifacts that are not on the page yet.
  takeTask(task) {
    const history = task.history ?? [];
    const own = history.findIndex((one) => one.messageId === this.message);
    for (const each of own < 0 ? [] : history.slice(own + 1)) if (each.role === "ROLE_AGENT") this.say(each);
    for (const artifact of task.artifacts ?? []) if (this.seen.get(artifact.artifactId) !== artifact.parts.length) this.takeArtifact(artifact, false);
    this.takeStatus(task.status, { taskId: task.id, contextId: task.contextId });
  }

  takeMessage(message) {
    this.context = message.contextId ? { contextId: message.contextId } : undefined;
    this.isDirect = true;
    this.show("");
    this.write(message.messageId, message.parts);
  }

  takeArtifact(artifact, append) {
    this.seen.set(artifact.artifactId, artifact.parts.length + (append ? (this.seen.get(artifact.artifactId) ?? 0) : 0));
    this.write(`artifact ${artifact.artifactId}`, artifact.parts, { append, name: artifact.name });
  }

  takeStatus(status, { taskId, contextId, metadata }) {
    this.task = taskId;
    this.state = bare(status.state);
    this.context = WAITS.has(this.state) ? { contextId, taskId } : { contextId };
    this.usage = metadata?.agentx?.usage ?? this.usage;
    this.retryAfter = metadata?.agentx?.retryAfterSeconds ?? metadata?.retryAfterSeconds;
    this.show(this.state);
    if (status.message) this.say(status.message, BAD.has(this.state) ? "error" : "agent");
  }

  // Words stand in a bubble, calls of tools in cards of their own, and a form is drawn once the turn is over.
  say({ messageId, parts = [] }, role = "agent") {
    if (this.said.has(messageId)) return;
    this.said.add(messageId);
    this.schemas = [...this.schemas, ...parts.filter(isSchema).map((part) => part.data)];
    for (const part of parts.filter(isOfTool)) this.tools.take(part);
    const words = parts.filter((part) => !isOfTool(part) && !isSchema(part));
    if (words.length) this.write(messageId, words, { role });
  }

  write(key, parts, { append = false, role = "agent", name = "" } = {}) {
    if (role !== "error") this.first ??= this.passed;
    const known = this.bubbles.get(key);
    // What goes on after a tool was called goes on under it.
    const goesOn = known && (!append || known.tools === this.tools.drawn);
    const { inside } = goesOn ? known : this.begin(key, role, known ? "" : name);
    if (!append) inside.replaceChildren();
    add(inside, parts);
    follow();
  }

  begin(key, role, name) {
    const said = bubble(role);
    if (role === "error") said.setAttribute("role", "alert");
    const inside = name ? make("div") : said;
    if (name) said.append(make("small", "", name), inside);
    const begun = { inside, tools: this.tools.drawn };
    this.bubbles.set(key, begun);
    return begun;
  }
}
