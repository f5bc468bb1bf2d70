/** Echo in Node: says back what it is told, and misbehaves on request, as plugins/echo does. */

import { randomFillSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { Adapter, Artifact, InputRequired, Status, TaskFailed, TaskRejected, run } from "@agentx/sdk";

/** What it does beyond echoing is told by the message's metadata, or by the agent's config. */
class EchoNode extends Adapter {
  version = "1.0.0";
  capabilities = ["text", "data", "files", "streaming", "multi-turn"];
  inputModes = ["text/plain", "application/json", "*/*"]; // files of any type
  outputModes = this.inputModes;
  #ballast = [];

  async process(turn) {
    const wish = { ...turn.config, ...turn.metadata };
    if (wish.stream || wish.artifact || wish.status) return this.#bitByBit(turn, wish);
    await this.#misbehave(turn, wish);
    return this.#question(turn, wish) ?? this.#echo(turn, wish);
  }

  async #misbehave(turn, wish) {
    if (wish.sleep) await sleep(seconds(wish.sleep), undefined, { signal: turn.signal });
    // Written to, not only reserved: resident memory is what limits look at.
    if (wish.grow_mb) this.#ballast.push(randomFillSync(Buffer.alloc(wish.grow_mb * 1024 * 1024)));
    if (wish.crash) process.exit(70);
    if (wish.reject) throw new TaskRejected(words(wish.reject, "asked to reject this"));
    if (wish.fail) throw new TaskFailed(words(wish.fail, "asked to fail"), "asked_to_fail");
  }

  /** Ask once: the answer comes as a turn whose history has the question. */
  #question(turn, wish) {
    if (!wish.ask || turn.history.some((message) => message.role === "agent")) return undefined;
    return new InputRequired(words(wish.ask, "What shall I echo?"));
  }

  #echo(turn, wish) {
    if (wish.remember) this.state.set(String(wish.remember), turn.text);
    if ("data" in wish) return new Artifact({ data: wish.data }, { name: "reply" });
    const [first, ...more] = turn.parts;
    if (!more.length && first?.text !== undefined) return turn.text.repeat(wish.repeat ?? 1);
    return new Artifact(turn.parts, { name: "reply" });
  }

  async *#bitByBit(turn, wish) {
    if (wish.status) yield new Status(words(wish.status, "working on it"));
    for (const word of wish.stream ? pieces(turn.text) : []) {
      yield word;
      await sleep(seconds(wish.pause ?? 0), undefined, { signal: turn.signal });
    }
    await this.#misbehave(turn, wish);
    yield this.#question(turn, wish);
    if (wish.artifact) yield new Artifact(turn.text, { name: words(wish.artifact, "echo") });
    else if (!wish.stream) yield this.#echo(turn, wish);
  }
}

/** Words, each with the space that follows it. */
function pieces(text) {
  return text.match(/[^ ]* |[^ ]+/g) ?? [];
}

function words(wish, otherwise) {
  return typeof wish === "string" ? wish : otherwise;
}

/** Milliseconds. */
function seconds(wish) {
  const count = Number(wish);
  if (!Number.isFinite(count)) throw new TypeError(`${wish} is no number of seconds`);
  return count * 1000;
}

run(new EchoNode());
