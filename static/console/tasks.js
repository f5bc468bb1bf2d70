// The list of tasks follows what happens while one looks at its first page and nothing is selected.
import { Live } from "./live.js";
import { refreshSoon } from "./regions.js";

new Live("/ws/metrics", { staleAfter: 6, onFrame: (frame) => follow(frame.data), onOpen: refreshSoon });

let before = "";

function follow(figures) {
  // Figures change with tasks; a list that is paged through must not move under the reader.
  const now = JSON.stringify([figures.messages_per_second, figures.closed, figures.tasks_running]);
  if (now !== before && before && document.querySelector("#tasks[data-follows]")) refreshSoon();
  before = now;
}
