// A drawing of doors, agents and the plugin processes that host them, from the JSON beside it.
const SVG = "http://www.w3.org/2000/svg";
const TONES = { ready: "good", running: "good", busy: "busy", initializing: "busy", starting: "busy", loading: "busy", draining: "busy", degraded: "warn", backoff: "warn", paused: "warn", maintenance: "warn", error: "bad", fatal: "bad" };
const MOST = 12;
const ROW = 46;
const BOX = 34;

function node(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const words = (x, y, text, kind = "") => node("text", { x, y, class: kind }, text);
const dot = (x, y, state) => node("circle", { cx: x, cy: y, r: 4.5, class: "dot", "data-tone": TONES[state] ?? "calm" }, node("title", {}, state));
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function box(x, y, width, label, state, href, taken = 0) {
  const letters = Math.floor((width - 36 - taken) / 7.2);
  const shape = [node("rect", { x, y, width, height: BOX, rx: 9 }), words(x + 28, y + 22, cut(label, letters))];
  if (state) shape.push(dot(x + 15, y + 17, state));
  else shape.push(node("circle", { cx: x + 15, cy: y + 17, r: 3, class: "dot" }));
  if (!href) return node("g", {}, ...shape);
  return node("a", { href, "aria-label": `${label} ${state}` }, ...shape);
}

function edge([x1, y1], [x2, y2], flows) {
  const half = (x2 - x1) / 2;
  return node("path", { d: `M${x1} ${y1} C${x1 + half} ${y1} ${x2 - half} ${y2} ${x2} ${y2}`, class: flows ? "flows" : "" });
}

const column = (count, rows) => Array.from({ length: count }, (_, index) => ((index + 0.5) * rows * ROW) / count - BOX / 2);

export function drawMap(place) {
  const { agents, plugins, count } = JSON.parse(document.getElementById("map-json").textContent);
  if (!agents.length) return void (place.textContent = place.dataset.none);
  const shown = agents.slice(0, MOST);
  // In the order of their agents: lines that do not cross are easier to follow.
  const hosts = [...new Set(shown.map((agent) => agent.plugin))].flatMap((slug) => plugins.filter((plugin) => plugin.slug === slug));
  const doors = place.dataset.doors.split("|");
  const width = Math.max(300, place.clientWidth);
  const narrow = width < 620;
  place.replaceChildren(sketch({ doors: narrow ? [] : doors, agents: shown, hosts, width, more: count - shown.length, text: place.dataset }));
}

function sketch({ doors, agents, hosts, width, more, text }) {
  const rows = Math.max(doors.length, agents.length, hosts.length, 2);
  const height = rows * ROW + (more > 0 ? 22 : 0);
  const svg = node("svg", { class: "ax-map", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": text.label });
  const columns = doors.length ? 3 : 2;
  const wide = Math.min(230, (width - 60 * (columns - 1)) / columns);
  const lefts = doors.length ? [1, (width - wide) / 2, width - wide - 1] : [0, 1, width - wide - 1];
  const [doorTops, agentTops, hostTops] = [column(doors.length, rows), column(agents.length, rows), column(hosts.length, rows)];
  const middle = (top) => top + BOX / 2;
  agents.forEach((agent, index) => {
    const ready = TONES[agent.state] === "good" || agent.state === "busy";
    doorTops.forEach((top) => svg.append(edge([lefts[0] + wide, middle(top)], [lefts[1], middle(agentTops[index])], ready)));
    const host = hosts.findIndex((plugin) => plugin.slug === agent.plugin);
    if (host >= 0) svg.append(edge([lefts[1] + wide, middle(agentTops[index])], [lefts[2], middle(hostTops[host])], ready));
  });
  doors.forEach((door, index) => svg.append(box(lefts[0], doorTops[index], wide, door)));
  agents.forEach((agent, index) => svg.append(box(lefts[1], agentTops[index], wide, agent.slug, agent.state, `/agents/${agent.slug}/`)));
  hosts.forEach((plugin, index) => {
    const dots = plugin.processes.slice(0, doors.length ? 8 : 4);
    svg.append(box(lefts[2], hostTops[index], wide, plugin.slug, plugin.state, `/plugins/${plugin.slug}/`, dots.length * 13));
    dots.forEach((state, at) => svg.append(dot(lefts[2] + wide - 14 - at * 13, hostTops[index] + 17, state)));
  });
  if (more > 0) svg.append(words(lefts[1] + 8, height - 6, `+ ${more} ${text.more}`, "sub"));
  return svg;
}
