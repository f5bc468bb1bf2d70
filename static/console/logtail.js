// The tail of a plugin's log: what was written, then each line as it comes; stays at the end unless one scrolls up.
// The filters mean what they mean to the API, which is asked again when they change: it has older lines than the page.
import { Live } from "./live.js";
import { clock } from "./times.js";

const MOST = 1000;
const TYPING = 250;
const LEVELS = ["debug", "info", "warning", "error", "critical"];

export class LogTail {
  constructor(box, filters) {
    [this.box, this.filters] = [box, filters];
    this.paused = false;
    this.waiting = [];
    this.newest = ""; // the id of the last line shown, as Redis gives it: milliseconds-number
    this.add(JSON.parse(document.getElementById("log-lines").textContent) ?? []);
    this.wire();
    this.live = new Live(`/ws/plugins/${box.dataset.plugin}/logs`, { onFrame: (frame) => this.take(frame.data.lines), onOpen: () => this.catchUp() });
  }

  wire() {
    const pause = document.getElementById("log-pause");
    pause.addEventListener("click", () => {
      this.paused = !this.paused;
      pause.setAttribute("aria-pressed", this.paused);
      pause.textContent = this.paused ? pause.dataset.go : pause.dataset.pause;
      if (!this.paused) this.add(this.waiting.splice(0));
    });
    this.filters.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.seek(), TYPING);
    });
    this.filters.addEventListener("submit", (event) => {
      event.preventDefault();
      this.seek();
    });
  }

  get sought() {
    return new URLSearchParams([...new FormData(this.filters)].filter(([, value]) => value));
  }

  async seek() {
    const sought = this.sought;
    history.replaceState(null, "", `?${sought}`);
    const download = document.getElementById("log-download");
    download.href = `${download.href.split("?")[0]}?${sought}`;
    sought.set("limit", MOST);
    const answer = await fetch(`/api/v1/plugins/${this.box.dataset.plugin}/logs?${sought}`);
    if (!answer.ok) return;
    const lines = await answer.json();
    [this.newest, this.waiting] = ["", []];
    this.box.replaceChildren();
    this.add(lines);
    if (!lines.length) this.box.append(Object.assign(span("none", this.box.dataset.none)));
    this.toEnd();
  }

  async catchUp() {
    // What was written between the page, or a lost connection, and now.
    const asked = this.sought;
    asked.set("limit", 500);
    if (this.newest) asked.set("after", this.newest);
    const answer = await fetch(`/api/v1/plugins/${this.box.dataset.plugin}/logs?${asked}`);
    if (answer.ok) this.take(await answer.json());
  }

  take(lines) {
    if (this.paused) this.waiting = [...this.waiting, ...lines].slice(-MOST);
    else this.add(lines);
  }

  add(given) {
    const fresh = given.filter((line) => isNewer(line.id, this.newest));
    if (!fresh.length) return;
    this.newest = fresh.at(-1).id;
    const takes = predicate(this.sought);
    const lines = fresh.filter(takes);
    if (!lines.length) return;
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

// As `Sought.takes` on the server.
function predicate(sought) {
  const words = (sought.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const least = LEVELS.indexOf(sought.get("level") ?? "debug");
  const process = sought.get("process");
  return ({ text, level, ordinal }) =>
    (process === null || String(ordinal) === process) && rank(level) >= least && words.every((word) => text.toLowerCase().includes(word));
}

const rank = (level) => (LEVELS.includes(level) ? LEVELS.indexOf(level) : 1);

function lineOf({ time, ordinal, level, text }) {
  const line = document.createElement("div");
  line.className = "line";
  line.dataset.level = String(level || "info").toLowerCase();
  const moment = new Date(Number.isNaN(Number(time)) ? time : Number(time) * 1000);
  line.append(span("at", Number.isNaN(moment.getTime()) ? "" : clock(moment)), span("who", `#${ordinal}`), span("text", text));
  return line;
}

const span = (kind, text) => Object.assign(document.createElement("span"), { className: kind, textContent: text });
