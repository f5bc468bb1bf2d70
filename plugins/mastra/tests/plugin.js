/** The plugin on a demo model: `python -m tests.frameworks.environments test mastra`. */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { PluginProcess } from "@agentx/sdk/testing";

export const FOLDER = new URL("..", import.meta.url).pathname;
export const EXAMPLES = path.join(FOLDER, "examples");

/** Not asked again when it fails, so that a test sees the first failure. */
export function model(more = {}) {
  const url = process.env.AGENTX_MODEL_URL;
  if (!url) throw new Error("AGENTX_MODEL_URL is not set: `agentx model-stub` prints one");
  return { name: "demo", base_url: url, max_retries: 0, ...more };
}

/** A process that hosts these agents. */
export function hosting(agents, config = {}) {
  return PluginProcess.start(FOLDER, { agents, config: { model: model(), code_folders: [EXAMPLES], ...config } });
}

/** A folder that is gone after the test, with these files in it. */
export function folderOf(files, context) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "own-"));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
  return folder;
}

export async function until(happened) {
  while (!(await happened())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** CreateAgent's answer, told as the core tells it. */
export async function created(plugin, id, config) {
  return plugin.call("CreateAgent", { id, configJson: JSON.stringify(config) }, 30);
}
