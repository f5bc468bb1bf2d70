// Parts of a page that follow events: the page is asked for again and its [data-region]s are put in place,
// so what one sees after an event is by construction what a reload would show.
const PAUSE = 900;
const RETRY = 3000;
const PATIENCE = 10_000;
const SLOWLY = 15_000;
// Differs in every answer and means the same: a region is not exchanged under somebody's hand for its sake.
const STAMP = /(name="csrfmiddlewaretoken" value=")[^"]*/g;
let last = 0;
let timer = null;
let asking = false;
let again = false;
const served = new WeakMap();

export function refreshSoon() {
  // What happens while the page is being asked for may not be in the answer: ask once more after it.
  if (asking) again = true;
  else refreshIn(Math.max(60, last + PAUSE - Date.now()));
}

// Events are news and may be lost; this look behind them heals what they, or a region in use, left behind.
export const refreshSlowly = () => setInterval(refreshSoon, SLOWLY);

function refreshIn(pause) {
  timer ??= setTimeout(refresh, pause);
}

async function refresh() {
  if (document.hidden) {
    document.addEventListener("visibilitychange", refresh, { once: true });
    return;
  }
  [timer, asking, again] = [null, true, false];
  const answered = await ask();
  [last, asking] = [Date.now(), false];
  if (!answered) refreshIn(RETRY);
  else if (again) refreshSoon();
}

// False when the server could not answer now: what the event was about is still to be shown.
async function ask() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.redirected) location.reload();
    else if (answer.ok) place(new DOMParser().parseFromString(await answer.text(), "text/html"));
    return answer.status < 500 && answer.status !== 429;
  } catch {
    return false;
  }
}

function place(fresh) {
  for (const region of document.querySelectorAll("[data-region]")) {
    const next = fresh.getElementById(region.id);
    const content = next?.innerHTML.replace(STAMP, "$1");
    if (!next || served.get(region) === content || isBeingEdited(region)) continue;
    if (isBeingPressed(region)) again = true;
    else exchange(region, next, content);
  }
  document.dispatchEvent(new CustomEvent("ax:refreshed"));
}

function exchange(region, next, content) {
  const focused = region.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  served.set(region, content);
  region.replaceChildren(...next.childNodes);
  if (focused) [...region.querySelectorAll("a, button")].find((one) => keyOf(one) === focused)?.focus();
}

const isBeingEdited = (region) =>
  region.querySelector("dialog[open]") !== null ||
  [...region.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue) ||
  (region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

// A button that is exchanged between its press and its release is never clicked.
const isBeingPressed = (region) => region.matches(":active");

const keyOf = (element) => element.getAttribute("href") || element.dataset.action || element.id || element.textContent.trim();
