// The parts of A2A messages and artifacts, as the task's page shows them (templates/components/_parts.html): never as HTML.
import { bytes } from "./figures.js";
import { tree } from "./folding.js";

const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);
const words = document.getElementById("try").dataset;

const make = (tag, className, ...inside) => {
  const element = Object.assign(document.createElement(tag), { className });
  element.append(...inside);
  return element;
};
const icon = (name) => {
  const drawn = make("span", "material-symbols-outlined", name);
  drawn.setAttribute("aria-hidden", "true");
  return drawn;
};
const plainType = (part) => (part.mediaType ?? "").split(";")[0].trim().toLowerCase();

function decoded(raw) {
  const binary = atob(raw.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (one) => one.charCodeAt(0));
}

function save(part, blob) {
  // A link to bytes in memory that lives only for this click, and a name that no page can be opened by.
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: part.filename || "file" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function file(part) {
  const blob = new Blob([decoded(part.raw)]);
  const told = make("span", "grow", make("b", "", part.filename || words.nameless), make("span", "ax-soft", `${plainType(part) || words.untyped} · ${bytes(blob.size)}`));
  const button = make("button", "ax-part ax-file", icon("draft"), told, icon("download"));
  button.type = "button";
  button.addEventListener("click", () => save(part, blob));
  return button;
}

function image(part) {
  const shown = Object.assign(document.createElement("img"), { src: `data:${plainType(part)};base64,${part.raw.replaceAll("-", "+").replaceAll("_", "/")}`, alt: part.filename || plainType(part) });
  return make("figure", "ax-part ax-image", shown, make("figcaption", "", part.filename || plainType(part)));
}

function link(part) {
  let address = null;
  try {
    address = new URL(part.url);
  } catch {
    // not an address at all
  }
  const follows = address && ["http:", "https:"].includes(address.protocol);
  const name = part.filename || part.url;
  const shown = follows ? Object.assign(make("a", "ax-link", name), { href: address.href, target: "_blank", rel: "noopener noreferrer nofollow" }) : part.url;
  const warned = follows ? words.outside.replace("%s", address.host) : words.nowhere;
  return make("div", "ax-part ax-file", icon("link"), make("span", "grow", make("b", "", shown), make("span", "ax-soft", warned)));
}

function node(part) {
  if (part.text !== undefined) return make("div", "ax-part text", part.text);
  if (part.url !== undefined) return link(part);
  if (part.raw === undefined) return make("div", "ax-part ax-code wrap", tree(part.data ?? null));
  try {
    return IMAGES.has(plainType(part)) ? image(part) : file(part);
  } catch {
    return make("div", "ax-part text", words.broken);
  }
}

// Adds to what is shown; text that goes on joins the text before it, as pieces of a stream do.
export function add(holder, parts = []) {
  for (const part of parts) {
    const last = holder.lastElementChild;
    if (part.text !== undefined && last?.matches(".ax-part.text")) last.append(part.text);
    else holder.append(node(part));
  }
}
