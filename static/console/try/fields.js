// The fields of a form that an agent asks for by a JSON Schema, and what was filled in.
import { make } from "./talk.js";

let made = 0;

const typeOf = (schema) => [schema.type].flat().find((one) => one && one !== "null");
const titleOf = (schema, name) => schema.title || name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
const isRequired = (schema, name) => (schema.required ?? []).includes(name);
const choicesOf = (schema) => schema.enum ?? (schema.const !== undefined ? [schema.const] : null) ?? constants(schema.oneOf ?? schema.anyOf);
const constants = (many) => (many?.every((one) => "const" in one) ? many.map((one) => one.const) : null);
const wordOf = (schema, value) => (schema.oneOf ?? schema.anyOf ?? []).find((one) => one.const === value)?.title ?? (typeof value === "string" ? value : JSON.stringify(value));

// What is drawn for a schema: the values it can have decide.
function kindOf(schema) {
  if (choicesOf(schema)) return "choice";
  const type = typeOf(schema);
  if (type === "array") return typeOf(schema.items ?? {}) === "string" ? (choicesOf(schema.items) ? "several" : "lines") : "json";
  return { __proto__: null, string: "text", number: "number", integer: "number", boolean: "check" }[type] ?? "json";
}

const BOUNDS = { minimum: "min", maximum: "max", minLength: "minLength", maxLength: "maxLength" };
const FORMATS = { __proto__: null, email: "email", uri: "url", date: "date", time: "time", password: "password" };
const LONG_TEXT = 200;

const drawn = {
  text(schema) {
    if ((schema.maxLength ?? 0) > LONG_TEXT || schema.format === "textarea") return Object.assign(make("textarea"), { rows: 3, value: schema.default ?? "" });
    return Object.assign(make("input"), { type: FORMATS[schema.format] ?? "text", value: schema.default ?? "" });
  },
  number: (schema) => Object.assign(make("input"), { type: "number", step: schema.multipleOf ?? (typeOf(schema) === "integer" ? 1 : "any"), value: schema.default ?? "" }),
  check: (schema) => Object.assign(make("input"), { type: "checkbox", checked: schema.default === true }),
  choice: (schema) => choices(schema, schema, [schema.default]),
  several: (schema) => Object.assign(choices(schema.items, schema.items, schema.default ?? []), { multiple: true }),
  lines: (schema) => Object.assign(make("textarea"), { rows: 3, value: (schema.default ?? []).join("\n") }),
  json: (schema) => Object.assign(make("textarea", "ax-mono"), { rows: 4, spellcheck: false, value: schema.default === undefined ? "" : JSON.stringify(schema.default, null, 2) }),
};

function choices(schema, words, chosen) {
  const select = make("select");
  if (!chosen.length || chosen[0] === undefined) select.append(new Option("–", ""));
  for (const value of choicesOf(schema)) select.append(new Option(wordOf(words, value), JSON.stringify(value), false, chosen.includes(value)));
  return select;
}

export class Field {
  // One value of the answer. `hints`: what is said of lists and JSON.
  constructor(schema, name, required, hints) {
    Object.assign(this, { schema, name, required, kind: kindOf(schema), id: `asked-${(made += 1)}` });
    this.input = Object.assign(drawn[this.kind](schema), { id: this.id });
    if (this.kind !== "check") this.input.required = required;
    for (const [word, property] of Object.entries(BOUNDS)) if (schema[word] !== undefined && ["text", "number"].includes(this.kind)) this.input[property] = schema[word];
    this.wrong = make("span", "errors");
    this.wrong.setAttribute("role", "alert");
    this.node = this.draw(hints);
  }

  draw(hints) {
    const label = Object.assign(make("label", this.kind === "check" ? "check" : ""), { htmlFor: this.id });
    const title = make("span", "", titleOf(this.schema, this.name));
    if (this.required && this.kind !== "check") title.append(Object.assign(make("span", "must", " *"), { ariaHidden: "true" }));
    label.append(...(this.kind === "check" ? [this.input, title] : [title]));
    const help = make("span", "help", [this.schema.description, hints[this.kind]].filter(Boolean).join(" "));
    help.id = `${this.id}-help`;
    if (help.textContent) this.input.setAttribute("aria-describedby", help.id);
    return make("div", "field", label, ...(this.kind === "check" ? [] : [this.input]), ...(help.textContent ? [help] : []), this.wrong);
  }

  // The value; undefined when nothing was filled in. Throws SyntaxError for what is not JSON.
  get value() {
    const text = this.input.value;
    switch (this.kind) {
      case "check":
        return this.input.checked;
      case "several":
        return [...this.input.selectedOptions].filter((one) => one.value).map((one) => JSON.parse(one.value));
      case "lines":
        return this.list(text.split("\n").map((line) => line.trim()).filter(Boolean));
      case "number":
        return text === "" ? undefined : Number(text);
      case "choice":
      case "json":
        return text.trim() === "" ? undefined : JSON.parse(text);
    }
    return text === "" && !this.required ? undefined : text;
  }

  list(lines) {
    return lines.length || this.required || this.schema.default ? lines : undefined;
  }

  // What a form says of it, "" when it is right.
  check() {
    let why = this.input.validity.valid ? "" : this.input.validationMessage;
    try {
      void this.value;
    } catch (error) {
      why = error.message;
    }
    this.wrong.textContent = why;
    this.input.setAttribute("aria-invalid", Boolean(why));
    return why;
  }
}

export const isForm = (schema) => typeOf(schema) === "object" && Object.keys(schema.properties ?? {}).length > 0;

// The fields of a schema by their names; one without a name for a schema that is not an object with properties.
export function fieldsOf(schema, hints) {
  if (!isForm(schema)) return [new Field(schema, "", true, hints)];
  return Object.entries(schema.properties).map(([name, one]) => new Field(one, name, isRequired(schema, name), hints));
}

export function answerOf(schema, fields) {
  if (!isForm(schema)) return fields[0].value;
  return Object.fromEntries(fields.map((field) => [field.name, field.value]).filter(([, value]) => value !== undefined));
}
