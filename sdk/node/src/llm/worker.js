/** A thread with one own function in it: it tells about the function, then answers calls, one at a time. */

import { parentPort, workerData } from "node:worker_threads";

import { Tool } from "../adapter.js";
import { loaded } from "./own_code.js";

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
process.argv[1] = workerData.main;

/** @param {any} found @returns {Tool} */
function toolOf(found) {
  if (found instanceof Tool || (typeof found?.run === "function" && found.name)) return found;
  if (typeof found !== "function") throw new TypeError("is not a function");
  const { description = "", inputSchema = { type: "object" } } = found;
  return new Tool(found.name, found, { description, inputSchema });
}

async function begin() {
  try {
    const tool = toolOf((await loaded(workerData.code, workerData.folders)).object);
    port.on("message", ({ args }) => answer(tool, args));
    const { name, description, inputSchema } = tool;
    port.postMessage({ about: { name, description, inputSchema } });
  } catch (error) {
    const fields = /** @type {any} */ (error).fields ?? {};
    port.postMessage({ refused: Object.values(fields)[0] ?? /** @type {Error} */ (error).message });
  }
}

/** @param {Tool} tool @param {Record<string, any>} args */
async function answer(tool, args) {
  try {
    const result = JSON.parse(JSON.stringify((await tool.run(args)) ?? null));
    port.postMessage({ result });
  } catch (error) {
    const { name = "Error", message = String(error) } = error instanceof Error ? error : {};
    port.postMessage({ error: { name, message } });
  }
}

begin();
