// The form of a configuration: rows that are added, and a file whose text one sees before it is sent.
const ENDINGS = { json: "json", yaml: "yaml", yml: "yaml", toml: "toml" };
const form = document.getElementById("config-form");

// How deep in lists a row lies tells which mark in its names is its own.
function depth(rows) {
  let found = 0;
  for (let above = rows.parentElement.closest("[data-rows]"); above; above = above.parentElement.closest("[data-rows]")) found += 1;
  return found;
}

function addRow(button) {
  const rows = button.closest("[data-rows]");
  const pattern = rows.querySelector(":scope > template");
  const places = [...rows.querySelectorAll("[name]")]
    .filter((one) => one.name.startsWith(`${rows.dataset.rows}/`))
    .map((one) => parseInt(one.name.slice(rows.dataset.rows.length + 1), 10));
  const made = document.createElement("template");
  made.innerHTML = pattern.innerHTML.replaceAll(`__n${depth(rows)}__`, String(Math.max(-1, ...places) + 1));
  const row = made.content.firstElementChild;
  pattern.before(made.content);
  showButtons(row);
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

const showButtons = (root) => root.querySelectorAll("[data-add-row]").forEach((button) => (button.hidden = false));

async function load(input) {
  const [file] = input.files;
  const text = document.getElementById("config-text");
  text.value = await file.text();
  form.elements.format.value = ENDINGS[file.name.split(".").pop().toLowerCase()] ?? form.elements.format.value;
  document.querySelector("label[for=config-text]").textContent = form.elements.format.value.toUpperCase();
  input.value = "";
  text.focus();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-row]");
  if (button) addRow(button);
});
// Before it reaches the field, where the theme's script expects its own field beside every file field.
form.addEventListener("change", (event) => event.target.id === "config-file" && event.target.files.length && (event.stopPropagation(), load(event.target)), true);
showButtons(form);
