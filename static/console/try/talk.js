// The conversation as it is drawn: bubbles one under another, and beside them what went over the wire.
const element = (id) => document.getElementById(id);
const [talk, raw] = [element("talk"), element("raw")];
const LONG = 400; // characters of one value in the exchange

export const told = element("try").dataset;
export const make = (tag, className = "", ...inside) => {
  const made = Object.assign(document.createElement(tag), { className });
  made.append(...inside);
  return made;
};
// A copy of a <template>, and its parts by their data-part.
export function pattern(id) {
  const made = element(id).content.firstElementChild.cloneNode(true);
  const parts = Object.fromEntries([...made.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
  return { made, ...parts };
}

export function put(node) {
  talk.append(node);
  follow();
  return node;
}

export const follow = () => (talk.scrollTop = talk.scrollHeight);

export function bubble(role) {
  const said = make("div", "said");
  said.dataset.role = role;
  return put(said);
}

export function fail(message, detail = "") {
  const said = bubble("error");
  said.setAttribute("role", "alert");
  said.textContent = message;
  if (detail) said.append(make("small", "", detail));
  follow();
}

export function note(mark, event) {
  const text = JSON.stringify(event, (_, value) => (typeof value === "string" && value.length > LONG ? `${value.slice(0, LONG)}… (${value.length})` : value));
  raw.append(make("div", "", make("span", "t", `${mark}  `), text));
  raw.scrollTop = raw.scrollHeight;
}

export function clear() {
  talk.replaceChildren();
  raw.replaceChildren();
}
