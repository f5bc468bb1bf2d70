// The tools that an agent calls, as they are called: a card for each, which its result ends.
import { duration } from "../figures.js";
import { tree } from "../folding.js";
import { make, pattern, put, told } from "./talk.js";

const BRIEF = 80; // characters of the arguments that stand in the card's line

const kindOf = (part) => part.metadata?.agentx?.kind;
export const isOfTool = (part) => part.data && ["tool_call", "tool_result"].includes(kindOf(part));

const shown = (value) => (typeof value === "string" ? make("div", "ax-part text", value) : make("div", "ax-code wrap", tree(value ?? null)));

function brief(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null).replace(/^\{|\}$/g, "");
  return text.length > BRIEF ? `${text.slice(0, BRIEF)}…` : text;
}

export class Tools {
  // now(): milliseconds since the turn began
  constructor(now) {
    Object.assign(this, { now, cards: new Map(), drawn: 0 });
  }

  take(part) {
    if (kindOf(part) === "tool_call") this.begin(part.data);
    else this.finish(part.data);
  }

  begin({ id, name, arguments: given }) {
    const card = pattern("try-tool");
    card.began = this.now();
    card.name.textContent = name;
    card.brief.textContent = brief(given ?? {});
    card.arguments.append(shown(given ?? {}));
    this.say(card, "running", told.toolRunning);
    this.cards.set(id, card);
    this.drawn += 1;
    put(card.made);
  }

  finish(result) {
    if (!this.cards.has(result.id)) this.begin({ id: result.id, name: result.name, arguments: {} });
    const card = this.cards.get(result.id);
    const isWrong = "error" in result;
    this.say(card, isWrong ? "error" : "ok", isWrong ? told.toolFailed : told.toolDone);
    card.took.textContent = duration((this.now() - card.began) / 1000);
    card.outcome.hidden = false;
    card.result.replaceChildren(shown(isWrong ? result.error : result.result));
    card.answer.textContent = `→ ${brief(isWrong ? result.error : result.result)}`;
  }

  // What still runs when the turn is over never ended.
  leave() {
    for (const card of this.cards.values()) if (card.made.dataset.state === "running") this.say(card, "left", told.toolLeft);
  }

  say(card, state, words) {
    card.made.dataset.state = state;
    card.made.dataset.tone = { running: "busy", ok: "good", error: "bad", left: "calm" }[state];
    card.state.textContent = words;
  }
}
