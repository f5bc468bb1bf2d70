// A plugin's page: resource sparklines from the metrics frames.
import { LineChart, series } from "./charts.js";
import { bytes, number } from "./figures.js";
import { Live } from "./live.js";

const FORMATS = { rss_bytes: bytes, cpu_percent: (value) => `${number(value)} %`, in_flight: (value) => number(value, 0) };

function followFigures(box) {
  const slug = box.dataset.plugin;
  const charts = new Map();
  for (const element of box.querySelectorAll("[data-chart]")) {
    const name = element.dataset.chart;
    const chart = new LineChart(element, { lines: [{ name: element.dataset.name }], format: FORMATS[name], spark: true });
    charts.set(name, chart);
    series(`plugin_${name}`, slug).then((points) => {
      chart.set(0, points);
      if (points.length) tell(name, points.at(-1)[1]);
    });
  }
  new Live("/ws/metrics", { staleAfter: 6, onFrame: (frame) => takeFrame(frame, slug, charts) });
}

function takeFrame(frame, slug, charts) {
  const figures = frame.data.by_plugin.find((one) => one.slug === slug);
  if (!figures) return;
  for (const [name, chart] of charts) {
    chart.push(Date.parse(frame.time), [figures[name]]);
    tell(name, figures[name]);
  }
}

function tell(name, value) {
  document.querySelector(`[data-now="${name}"]`).textContent = FORMATS[name](value);
}

const box = document.getElementById("plugin-charts");
if (box) followFigures(box);
