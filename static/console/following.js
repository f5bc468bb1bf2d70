// Pages that follow events: any frame of the kinds in data-kinds (about data-subject, if given) refreshes the regions.
import { Live } from "./live.js";
import { refreshSlowly, refreshSoon } from "./regions.js";

const { kinds, subject } = document.getElementById("following").dataset;
const wanted = new Set(kinds.split(" "));
const isAbout = (data) => !subject || data.slug === subject || data.plugin === subject || data.name === subject;

new Live("/ws/events", {
  onFrame: (frame) => wanted.has(frame.kind) && isAbout(frame.data) && refreshSoon(),
  onOpen: refreshSoon,
});
refreshSlowly();
