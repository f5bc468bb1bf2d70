// Files that go with the next message: chosen, dropped or pasted; each becomes a raw part.
import { bytes } from "./figures.js";

export class Uploads {
  // list: where the files stand; input: the file field; limit: bytes of all together; told: texts
  constructor({ list, input, drop, limit, told, refuse }) {
    Object.assign(this, { list, input, limit, told, refuse, files: [] });
    // Before it reaches the field, where the theme's script expects its own field beside every file field.
    input.form.addEventListener("change", (event) => event.target === input && (event.stopPropagation(), this.add(input.files)), true);
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
    drop.addEventListener("paste", (event) => event.clipboardData.files.length && this.add(event.clipboardData.files));
  }

  add(files) {
    const all = [...this.files, ...files];
    if (all.reduce((sum, one) => sum + one.size, 0) > this.limit) this.refuse(this.told.tooLarge.replace("%s", bytes(this.limit)));
    else this.files = all;
    this.input.value = "";
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.files.map((file, index) => this.chip(file, index)));
    this.list.hidden = !this.files.length;
  }

  chip(file, index) {
    const drop = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: `${this.told.remove} ${file.name}` });
    drop.addEventListener("click", () => {
      this.files.splice(index, 1);
      this.show();
    });
    const chip = Object.assign(document.createElement("li"), { className: "ax-tag" });
    chip.append(`${file.name} · ${bytes(file.size)} `, drop);
    return chip;
  }

  // The raw parts, and none left.
  async take() {
    const files = this.files.splice(0);
    this.show();
    return Promise.all(files.map(asPart));
  }
}

async function asPart(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return { raw: url.slice(url.indexOf(",") + 1), filename: file.name, mediaType: file.type || "application/octet-stream" };
}
