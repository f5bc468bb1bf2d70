/** The schemas of plugin.yaml, written from those of config.js: `node tests/schemas.js`. What else stands there stays. */

import fs from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

import { AGENT_SCHEMA, PLUGIN_SCHEMA } from "../config.js";

const { parse, stringify } = createRequire(fs.realpathSync(fileURLToPath(import.meta.resolve("@agentx/sdk"))))("yaml");
const FILE = fileURLToPath(new URL("../plugin.yaml", import.meta.url));

export const SCHEMAS = { config_schema: PLUGIN_SCHEMA, agent_schema: AGENT_SCHEMA };

export function manifest() {
  return parse(fs.readFileSync(FILE, "utf8"));
}

function write() {
  const [own] = fs.readFileSync(FILE, "utf8").split(/^(?:config|agent)_schema:/m);
  const told = stringify(SCHEMAS, { aliasDuplicateObjects: false, lineWidth: 110 });
  fs.writeFileSync(FILE, `${own.trimEnd()}\n\n${told}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) write();
