// What every page needs: dialogs that ask first, copy buttons, times that stay current.
import { keepTimes } from "./times.js";

const on = (kind, selector, deed) =>
  document.addEventListener(kind, (event) => {
    const found = event.target instanceof Element && event.target.closest(selector);
    if (found) deed(found, event);
  });

function ask(button) {
  const dialog = document.getElementById("confirm");
  const [form, yes] = [dialog.querySelector("form"), dialog.querySelector("[type=submit]")];
  form.action = button.dataset.action;
  dialog.querySelector("h2").textContent = button.dataset.title;
  dialog.querySelector("p").textContent = button.dataset.told;
  // Without its icon, whose name is text, too.
  const words = [...button.childNodes].filter((node) => !node.ariaHidden).map((node) => node.textContent);
  yes.textContent = button.dataset.act || words.join("").trim();
  yes.classList.toggle("danger", button.dataset.tone === "danger");
  dialog.showModal();
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard on plain http: select it and let the browser's own command do it.
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  const before = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = before), 1500);
}

function step(button) {
  const input = button.parentElement.querySelector("input");
  if (button.dataset.step === "1") input.stepUp();
  else input.stepDown();
}

on("click", "[data-dialog]", (button) => document.getElementById(button.dataset.dialog).showModal());
on("click", "[data-confirm]", ask);
on("click", "[data-close]", (button) => button.closest("dialog").close());
on("click", "dialog", (dialog, event) => event.target === dialog && dialog.close());
on("click", "[data-copy]", copy);
on("click", "[data-step]", step);
on("change", "[data-submit-on-change]", (field) => field.form.requestSubmit());
on("change", "[data-go-to]", (field) => field.value && location.assign(field.dataset.goTo.replace("%s", field.value)));
on("submit", "form[method=post]", (form) => setTimeout(() => form.querySelectorAll("[type=submit]").forEach((b) => (b.disabled = true))));

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.ax-user[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.ax-user[open]").forEach((menu) => (menu.open = false));
});
addEventListener("pageshow", () => document.querySelectorAll("form [type=submit]:disabled").forEach((b) => (b.disabled = false)));
document.querySelectorAll("dialog[data-open]").forEach((dialog) => dialog.showModal());
keepTimes();
