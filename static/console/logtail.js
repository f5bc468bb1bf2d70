// The tail of a plugin's log: what was written, then each line as it comes; stays at the end unless one scrolls up.
import { Live } from "./live.js";
import { clock } from "./times.js";

const MOST = 1000;

export class LogTail {
  constructor(box) {
    this.box = box;
    this.paused = false;
    this.waiting = [];
    this.newest = ""; // the id of the last line shown, as Redis gives it: milliseconds-number
    this.add(JSON.parse(document.getElementById("log-lines").textContent) ?? []);
    this.wire();
    this.live = new Live(`/ws/plugins/${box.dataset.plugin}/logs`, { onFrame: (frame) => this.take(frame.data.lines), onOpen: () => this.catchUp() });
  }

  wire() {
    const [least, pause] = [document.getElementById("log-least"), document.getElementById("log-pause")];
    least.addEventListener("change", () => {
      this.box.dataset.least = least.value;
      this.toEnd();
    });
    pause.addEventListener("click", () => {
      this.paused = !this.paused;
      pause.setAttribute("aria-pressed", this.paused);
      pause.textContent = this.paused ? pause.dataset.go : pause.dataset.pause;
      if (!this.paused) this.add(this.waiting.splice(0));
    });
  }

  async catchUp() {
    // What was written between the page, or a lost connection, and now.
    const asked = new URLSearchParams({ limit: 500, after: this.newest });
    if (!this.newest) asked.delete("after");
    const answer = await fetch(`/api/v1/plugins/${this.box.dataset.plugin}/logs?${asked}`);
    if (answer.ok) this.take(await answer.json());
  }

  take(lines) {
    if (this.paused) this.waiting = [...this.waiting, ...lines].slice(-MOST);
    else this.add(lines);
  }

  add(given) {
    const lines = given.filter((line) => isNewer(line.id, this.newest));
    if (!lines.length) return;
    this.newest = lines.at(-1).id;
    this.box.querySelector(".none")?.remove();
    const follows = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 40;
    this.box.append(...lines.map(lineOf));
    while (this.box.childElementCount > MOST) this.box.firstElementChild.remove();
    if (follows) this.toEnd();
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
  }
}

function isNewer(one, other) {
  if (!one || !other) return true;
  const [[time, number], [otherTime, otherNumber]] = [one, other].map((id) => id.split("-").map(Number));
  return time > otherTime || (time === otherTime && number > otherNumber);
}

function lineOf({ time, ordinal, level, text }) {
  const line = document.createElement("div");
  line.className = "line";
  line.dataset.level = String(level || "info").toLowerCase();
  const moment = new Date(Number.isNaN(Number(time)) ? time : Number(time) * 1000);
  line.append(span("at", Number.isNaN(moment.getTime()) ? "" : clock(moment)), span("who", `#${ordinal}`), span("text", text));
  return line;
}

const span = (kind, text) => Object.assign(document.createElement("span"), { className: kind, textContent: text });
