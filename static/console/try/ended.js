// What stands under an answer: how long it took, what the models used, who answered; and, where it failed, a way to try again.
import { duration, number } from "../figures.js";
import { follow, make, pattern, put, told } from "./talk.js";

const language = document.documentElement.lang || "en";

function money(cost, currency) {
  try {
    return new Intl.NumberFormat(language, { style: "currency", currency, maximumFractionDigits: 6 }).format(cost);
  } catch {
    return `${cost} ${currency}`; // not the code of a currency
  }
}

export function usageWords({ model, inputTokens = 0, outputTokens = 0, cost, currency = "USD" }) {
  const tokens = told.tokens.replace("%i", number(inputTokens, 0)).replace("%o", number(outputTokens, 0));
  return [tokens, cost === undefined ? "" : money(cost, currency), model].filter(Boolean).join(" · ");
}

const link = (href, textContent) => Object.assign(make("a", "ax-link"), { href, textContent });

async function tellWho(holder, task) {
  const answer = await fetch(`/tasks/${task}/answered/`, { headers: { Accept: "text/html" } }).catch(() => null);
  const part = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("answered");
  if (part) holder.replaceChildren(...part.childNodes);
  follow();
}

// turn: first, passed (milliseconds), isDirect, task, usage
export function tell(turn) {
  const meta = make("div", "meta");
  if (turn.first) meta.append(`${told.first} ${duration(turn.first / 1000)} · `);
  meta.append(`${duration(turn.passed / 1000)} ${told.total}`);
  if (turn.isDirect) meta.append(` · ${told.direct}`);
  for (const used of turn.usage) meta.append(make("span", "ax-tag usage", usageWords(used)));
  if (turn.task) meta.append(link(`/tasks/${turn.task}/`, told.task));
  put(meta);
  if (!turn.task) return;
  const who = make("span", "answered");
  meta.append(who);
  tellWho(who, turn.task);
}

// The button that sends the same again; where the failure says how long to wait, it counts the seconds down.
export function offerAgain(again, seconds) {
  const { made, again: button } = pattern("try-again");
  const until = Date.now() + 1000 * (seconds || 0);
  const words = button.textContent;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? told.againIn.replace("%s", left) : words;
    if (left > 0 && button.isConnected) setTimeout(tick, 250);
  };
  button.addEventListener("click", () => {
    made.remove();
    again();
  });
  put(made);
  tick();
}
