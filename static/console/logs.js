// The page of a plugin's log.
import { LogTail } from "./logtail.js";

new LogTail(document.getElementById("log"), document.getElementById("log-filters"));
