// A running task: every change of it refreshes the page's regions, until it is closed.
import { Live } from "./live.js";
import { refreshSlowly, refreshSoon } from "./regions.js";

const over = new Set(["COMPLETED", "FAILED", "CANCELED", "REJECTED"]);
const live = new Live(`/ws/tasks/${document.getElementById("task").dataset.task}`, {
  onOpen: refreshSoon,
  onFrame: (frame) => {
    refreshSoon();
    if (!over.has(frame.data.state)) return;
    live.end();
    clearInterval(slowly);
  },
});
const slowly = refreshSlowly();
