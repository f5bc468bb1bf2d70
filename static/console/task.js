// A task's page: every change of a running one refreshes its regions, until it is closed; what its webhooks are told
// after that is looked for now and then.
import { Live } from "./live.js";
import { refreshSlowly, refreshSoon } from "./regions.js";

const over = new Set(["COMPLETED", "FAILED", "CANCELED", "REJECTED"]);
const { task, running } = document.getElementById("task").dataset;
const slowly = refreshSlowly();

if (running) {
  const live = new Live(`/ws/tasks/${task}`, {
    onOpen: refreshSoon,
    onFrame: (frame) => {
      refreshSoon();
      if (over.has(frame.data.state)) end(live);
    },
  });
}

function end(live) {
  live.end();
  if (document.querySelector("#webhooks[hidden]")) clearInterval(slowly);
}
