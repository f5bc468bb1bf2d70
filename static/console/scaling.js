// Wanted and running processes beside the messages in flight, for every plugin that is scaled automatically.
import { LineChart, series } from "./charts.js";
import { number } from "./figures.js";
import { Live } from "./live.js";

const whole = (value) => number(value, 0);
const NAMES = ["plugin_replicas_wanted", "plugin_processes_running", "plugin_in_flight"];
const charts = new Map();

for (const element of document.querySelectorAll("[data-scaling]")) {
  const { scaling: slug, wanted, running, flying } = element.dataset;
  const lines = [{ name: wanted, step: true, format: whole }, { name: running, step: true, format: whole, colour: 1 }, { name: flying, axis: 1, colour: 2 }];
  const chart = new LineChart(element, { lines, fill: true, least: 4 });
  charts.set(slug, chart);
  NAMES.forEach((name, index) => series(name, slug).then((points) => chart.set(index, points)));
}

if (charts.size)
  new Live("/ws/metrics", {
    staleAfter: 6,
    onFrame: (frame) => {
      for (const one of frame.data.by_plugin)
        charts.get(one.slug)?.push(Date.parse(frame.time), [one.replicas_wanted, one.processes_running, one.in_flight]);
    },
  });
