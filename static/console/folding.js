// JSON that can be folded: every <pre data-json> becomes a tree; its text stays what is copied.
const WIDE = 60; // characters: what fits on one line is not folded
const OPEN = 2; // levels open at first
const MOST = 2000; // values of one text; more stay text

const isBranch = (value) => value !== null && typeof value === "object";

function leaf(value) {
  const kind = value === null ? "null" : typeof value;
  return Object.assign(document.createElement("span"), { className: `j-${kind}`, textContent: JSON.stringify(value) });
}

function named(name) {
  return name === null ? [] : [Object.assign(document.createElement("span"), { className: "j-key", textContent: JSON.stringify(name) }), ": "];
}

function branch(value, depth, name, comma) {
  const [left, right] = Array.isArray(value) ? "[]" : "{}";
  const entries = Array.isArray(value) ? value.map((one) => [null, one]) : Object.entries(value);
  const fold = document.createElement("details");
  fold.open = depth < OPEN;
  const summary = document.createElement("summary");
  summary.append(...named(name), left, Object.assign(document.createElement("span"), { className: "j-more", textContent: ` ${entries.length} … ${right}${comma}` }));
  const inside = document.createElement("div");
  inside.append(...entries.map(([key, one], index) => line(one, depth + 1, key, index < entries.length - 1 ? "," : "")));
  fold.append(summary, inside, Object.assign(document.createElement("span"), { className: "j-end", textContent: right + comma }));
  return fold;
}

function line(value, depth, name, comma) {
  if (isBranch(value) && JSON.stringify(value).length > WIDE) return branch(value, depth, name, comma);
  const row = document.createElement("div");
  row.append(...named(name), leaf(value), comma);
  return row;
}

function count(value) {
  return isBranch(value) ? Object.values(value).reduce((sum, one) => sum + count(one), 1) : 1;
}

export function tree(value) {
  const root = Object.assign(document.createElement("div"), { className: "ax-json" });
  root.append(count(value) > MOST ? JSON.stringify(value, null, 2) : line(value, 0, null, ""));
  return root;
}

export function fold(root = document) {
  for (const pre of root.querySelectorAll("pre[data-json]")) {
    if (pre.dataset.json === "folded") continue;
    try {
      pre.replaceChildren(tree(JSON.parse(pre.textContent)));
      pre.dataset.json = "folded";
    } catch {
      pre.dataset.json = "folded"; // not JSON: it stays the text it is
    }
  }
}

fold();
document.addEventListener("ax:refreshed", () => fold());
