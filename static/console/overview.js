// The overview: a snapshot with its number, then frames; a number that does not follow means the snapshot is read again.
import { LineChart, series } from "./charts.js";
import { bytes, duration, number } from "./figures.js";
import { Live } from "./live.js";
import { drawMap } from "./map.js";
import { refreshSlowly, refreshSoon } from "./regions.js";

const page = document.getElementById("overview");
const text = page.dataset;
const percent = (value) => `${number(value * 100)} %`;
const sum = (byState) => Object.values(byState).reduce((all, one) => all + one, 0);

const FIGURES = {
  agents: (data) => number((data.agents.ready ?? 0) + (data.agents.busy ?? 0), 0),
  agents_all: (data) => `/ ${number(sum(data.agents), 0)}`,
  processes: (data) => number(data.processes.running ?? 0, 0),
  processes_all: (data) => `/ ${number(sum(data.processes), 0)}`,
  messages_per_second: (data) => number(data.messages_per_second),
  error_rate: (data) => percent(data.error_rate),
  latency_p50_seconds: (data) => duration(data.latency_p50_seconds),
  latency_p95_seconds: (data) => duration(data.latency_p95_seconds),
  tasks_running: (data) => number(data.tasks_running, 0),
  rss_bytes: (data) => bytes(data.rss_bytes),
};

const CHARTS = [
  { id: "chart-messages", names: ["messages_per_second", "in_flight"], lines: [{ name: text.perSecond }, { name: text.flying, colour: 1 }], format: number, least: 4 },
  { id: "chart-latency", names: ["latency_p50_seconds", "latency_p95_seconds"], lines: [{ name: text.p50 }, { name: text.p95, colour: 2 }], format: duration, least: 0.004 },
];
const charts = CHARTS.map(({ id, names, ...options }) => {
  const chart = new LineChart(document.getElementById(id), options);
  return { chart, names };
});

async function load() {
  for (const { chart, names } of charts) {
    const found = await Promise.all(names.map((name) => series(name)));
    // Both charts begin where the first has points, so that what stands side by side is of the same time.
    chart.since = charts[0].chart.points[0]?.[0]?.[0] ?? found[0][0]?.[0];
    found.forEach((points, index) => chart.set(index, points));
  }
}

let seq = 0;

function show(frame) {
  seq = frame.seq;
  for (const element of page.querySelectorAll("[data-figure]")) {
    const told = FIGURES[element.dataset.figure](frame.data);
    if (element.textContent !== told) element.textContent = told;
  }
}

function apply(frame) {
  if (seq && frame.seq <= seq) return;
  const follows = !seq || frame.seq === seq + 1;
  show(frame);
  for (const { chart, names } of charts) chart.push(Date.parse(frame.time), names.map((name) => frame.data[name]));
  if (!follows) repair();
}

async function repair() {
  // A gap: what was missed is in the rows.
  const answer = await fetch("/api/v1/metrics/overview");
  if (answer.ok) {
    const frame = await answer.json();
    if (frame.seq >= seq) show(frame);
  }
  await load();
}

load();
show(JSON.parse(document.getElementById("snapshot").textContent));
let opened = 0; // the first opening leaves no gap that the numbers of frames would not show
new Live("/ws/metrics", { onFrame: apply, onOpen: () => opened++ && repair(), staleAfter: 6 });
const KINDS = new Set(["agent", "plugin", "process", "plugin_event", "alert"]);
new Live("/ws/events", { onFrame: (frame) => KINDS.has(frame.kind) && refreshSoon(), onOpen: refreshSoon });
refreshSlowly();

const map = document.getElementById("map");
if (map) {
  drawMap(map);
  document.addEventListener("ax:refreshed", () => drawMap(map));
  new ResizeObserver(() => drawMap(map)).observe(map.parentElement);
}
