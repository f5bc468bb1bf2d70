// Parts of a page that follow events: the page is asked for again and its [data-region]s are put in place,
// so what one sees after an event is by construction what a reload would show.
const PAUSE = 900;
let last = 0;
let timer = null;
let asking = false;
let again = false;
const served = new WeakMap();

export function refreshSoon() {
  // What happens while the page is being asked for may not be in the answer: ask once more after it.
  if (asking) again = true;
  else if (timer === null) timer = setTimeout(refresh, Math.max(60, last + PAUSE - Date.now()));
}

async function refresh() {
  if (document.hidden) {
    document.addEventListener("visibilitychange", refresh, { once: true });
    return;
  }
  [timer, asking] = [null, true];
  await ask();
  [last, asking] = [Date.now(), false];
  if (again) {
    again = false;
    refreshSoon();
  }
}

async function ask() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload();
    else if (answer.ok) place(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The server is away: the socket reconnects, and asks again then.
  }
}

function place(fresh) {
  for (const region of document.querySelectorAll("[data-region]")) {
    const next = fresh.getElementById(region.id);
    if (!next || served.get(region) === next.innerHTML || isBeingEdited(region)) continue;
    const focused = region.contains(document.activeElement) ? keyOf(document.activeElement) : null;
    served.set(region, next.innerHTML);
    region.replaceChildren(...next.childNodes);
    if (focused) [...region.querySelectorAll("a, button")].find((one) => keyOf(one) === focused)?.focus();
  }
  document.dispatchEvent(new CustomEvent("ax:refreshed"));
}

const isBeingEdited = (region) =>
  region.querySelector("dialog[open]") !== null ||
  [...region.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue) ||
  (region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

const keyOf = (element) => element.getAttribute("href") || element.dataset.action || element.id || element.textContent.trim();
