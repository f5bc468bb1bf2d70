// Line charts in the console's colours, light and dark, that take points while they are on the page.
import * as echarts from "../echarts/echarts.esm.min.js";
import { number } from "./figures.js";

const THEMES = {
  light: { ink: "#64748b", line: "#e2e8f0", card: "#ffffff", strong: "#0f172a", colours: ["#4a50e6", "#0d9488", "#d97706", "#c42525"] },
  dark: { ink: "#94a3b8", line: "#2b364d", card: "#1c2740", strong: "#f1f5f9", colours: ["#8b9dff", "#2dd4bf", "#fbbf24", "#f87171"] },
};
const theme = () => THEMES[document.documentElement.classList.contains("dark") ? "dark" : "light"];
const charts = new Set();
new MutationObserver(() => charts.forEach((chart) => chart.draw())).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });

const GAP = 15_000; // samples come every two seconds: longer without one is a time of which nothing is known

const withGaps = (points) => points.flatMap((point, index) => (index && point[0] - points[index - 1][0] > GAP ? [[points[index - 1][0] + 1, null], point] : [point]));

export class LineChart {
  // lines: [{name, colour?: index, step?: bool, axis?: 0|1, format?}]; format: value -> text; minutes kept.
  constructor(element, { lines, format = number, minutes = 15, fill = true, spark = false, least = 0 }) {
    Object.assign(this, { element, lines, format, minutes, fill, spark, least });
    this.points = lines.map(() => []);
    this.chart = echarts.init(element, null, { renderer: "canvas" });
    new ResizeObserver(() => this.chart.resize()).observe(element);
    charts.add(this);
    this.draw();
  }

  set(index, points) {
    this.points[index] = points;
    this.draw();
  }

  push(time, values) {
    const oldest = time - this.minutes * 60_000;
    this.points.forEach((points, index) => {
      if (values[index] !== null && values[index] !== undefined) points.push([time, values[index]]);
      while (points.length && points[0][0] < oldest) points.shift();
    });
    this.draw();
  }

  draw() {
    const look = theme();
    this.chart.setOption({ animation: false, grid: this.grid(), tooltip: this.tooltip(look), legend: this.legend(look), xAxis: this.time(look), yAxis: this.axes(look), series: this.series(look) }, { notMerge: true });
  }

  grid() {
    return this.spark ? { left: 4, right: 4, top: 6, bottom: 4 } : { left: 8, right: 12, top: this.lines.length > 1 ? 34 : 14, bottom: 4, containLabel: true };
  }

  tooltip(look) {
    const told = (value, index) => (this.lines[index].format || this.format)(value);
    return {
      trigger: "axis", confine: true, backgroundColor: look.card, borderColor: look.line, textStyle: { color: look.strong, fontSize: 12 },
      formatter: (found) => `${new Date(found[0].value[0]).toLocaleTimeString()}<br>` + found.filter((one) => one.value[1] !== null).map((one) => `${one.marker} ${echarts.format.encodeHTML(one.seriesName)} <b>${told(one.value[1], one.seriesIndex)}</b>`).join("<br>"),
    };
  }

  legend(look) {
    return { show: !this.spark && this.lines.length > 1, top: 0, right: 4, icon: "roundRect", itemWidth: 10, itemHeight: 4, textStyle: { color: look.ink, fontSize: 11 } };
  }

  time(look) {
    return { type: "time", show: !this.spark, ...this.span(), axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false }, splitLine: { show: false }, minInterval: 60_000, axisLabel: { color: look.ink, fontSize: 11, hideOverlap: true, formatter: "{HH}:{mm}" } };
  }

  span() {
    // The whole window, or what there is of it, but never less than two minutes.
    const now = Date.now();
    const starts = this.points.filter((points) => points.length).map((points) => points[0][0]);
    const first = Math.min(...starts, this.since ?? Infinity, now - 120_000);
    return { min: Math.max(first, now - this.minutes * 60_000), max: now };
  }

  axes(look) {
    const axis = (index) => ({
      type: "value", show: !this.spark, min: 0, max: (extent) => (extent.max > this.least ? null : this.least || 1), splitNumber: 3, splitLine: { lineStyle: { color: look.line }, show: index === 0 },
      axisLabel: { color: look.ink, fontSize: 11, formatter: (value) => (this.lines.find((line) => (line.axis || 0) === index)?.format || this.format)(value) },
    });
    return this.lines.some((line) => line.axis === 1) ? [axis(0), axis(1)] : [axis(0)];
  }

  series(look) {
    return this.lines.map((line, index) => {
      const colour = look.colours[line.colour ?? index];
      return { type: "line", name: line.name, data: withGaps(this.points[index]), yAxisIndex: line.axis || 0, showSymbol: false, step: line.step ? "end" : false, lineStyle: { width: 2, color: colour }, itemStyle: { color: colour }, areaStyle: this.fill && index === 0 ? { color: colour, opacity: 0.12 } : undefined };
    });
  }
}

export async function series(name, subject = "", minutes = 15) {
  const asked = new URLSearchParams({ name, subject, minutes });
  const answer = await fetch(`/api/v1/metrics/series?${asked}`);
  return answer.ok ? (await answer.json()).points : [];
}
