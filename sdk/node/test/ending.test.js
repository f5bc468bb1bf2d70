/** How a process begins and ends: the lease, the drain, what it does with signals. */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";

import { LaunchFailed, PluginProcess, Process } from "@agentx/sdk/testing";

const SHAPES = new URL("shapes", import.meta.url).pathname;
const MAIN = `${SHAPES}/main.js`;
const UNAVAILABLE = 14;

/** A message on its way, already in flight. */
async function inFlight(plugin, text, seconds) {
  const answer = plugin.send(text, { metadata: { seconds } });
  answer.catch(() => {});
  while (!(await plugin.health()).inFlight);
  return { answer };
}

test("a running message is answered while new ones are turned away", async () => {
  const plugin = await PluginProcess.start(SHAPES);
  const { answer } = await inFlight(plugin, "nap", 0.5);
  assert.equal((await plugin.call("Shutdown", { drainSeconds: 5 })).inFlight, 1);
  await assert.rejects(plugin.send("too late"), { code: UNAVAILABLE });
  assert.equal((await plugin.health()).detail, "draining");
  assert.equal((await answer).text, "slept");
  assert.equal(await plugin.wait(), 0);
  assert.match(plugin.log.trim().split("\n").at(-1), /shapes shut down/);
  await plugin.end();
});

test("the drain is bounded, and SIGTERM after it insists", async () => {
  for (const [drainSeconds, name] of [[1, null], [30, "SIGTERM"]]) {
    const plugin = await PluginProcess.start(SHAPES);
    const { answer } = await inFlight(plugin, "deaf", 60);
    await plugin.call("Shutdown", { drainSeconds });
    if (name) plugin.signal(name);
    assert.equal(await plugin.wait(), 0);
    await assert.rejects(answer);
    await plugin.end();
  }
});

test("an orphan ends by itself, and takes its socket away", async () => {
  const plugin = await PluginProcess.start(SHAPES, { renew: false, launch: { lease_seconds: 1 } });
  const socket = plugin.handshake[3];
  assert.equal(fs.statSync(socket).mode & 0o777, 0o600);
  assert.equal(await plugin.wait(), 4);
  assert.equal(fs.existsSync(socket), false);
  await plugin.end();
});

test("an event loop that is blocked cannot keep an orphan alive", async () => {
  const plugin = await PluginProcess.start(SHAPES, { renew: false, launch: { lease_seconds: 1 } });
  plugin.send("block").catch(() => {});
  assert.equal(await plugin.wait(), null); // by a signal: a thread can end its process in no other way
  assert.match(plugin.log, /this orphan is killed/);
  await plugin.end();
});

test("a wrong contract says what to upgrade", async () => {
  const old = new Process(SHAPES, { launch: { contracts: [0] } });
  await assert.rejects(old.launched(), /refused: upgrade AgentX: /);
  const young = new Process(SHAPES, { launch: { contracts: [2, 3] } });
  await assert.rejects(young.launched(), /refused: upgrade the plugin's /);
});

test("a launch line that is none is an error in a sentence", async () => {
  const failed = await new Process(SHAPES, { launch: { contracts: "what" } }).launched().catch((error) => error);
  assert.ok(failed instanceof LaunchFailed);
  assert.match(failed.message, /no usable launch line/);
  assert.doesNotMatch(failed.message, /at .*\.js/);
});

test("started by hand it explains itself", async () => {
  const done = await promisify(execFile)(process.execPath, [MAIN]).catch((error) => error);
  assert.deepEqual([done.code, done.stdout], [2, ""]);
  assert.match(done.stderr, /agentx plugin dev/);
});

test("started for a debugger it prints where it can be reached, and tidies up", async () => {
  const child = spawn(process.execPath, [MAIN, "--debug"], { stdio: ["ignore", "ignore", "pipe"] });
  const [chunk] = await once(child.stderr, "data");
  const told = JSON.parse(chunk.toString().split("\n")[0]);
  assert.deepEqual([told.agentx, told.plugin, told.pid, told.contract], [1, "shapes", child.pid, 1]);
  const socket = told.address.replace("unix:", "");
  assert.equal(fs.statSync(socket).mode & 0o777, 0o600);
  child.kill("SIGINT");
  const [status] = await once(child, "exit");
  assert.deepEqual([status, fs.existsSync(socket)], [0, false]);
});
