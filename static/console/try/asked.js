// A form that an agent asks its caller to fill in: its schema comes as a part of type application/schema+json.
import { answerOf, fieldsOf, isForm } from "./fields.js";
import { make, pattern, put, told } from "./talk.js";

// What agents say may be anything: what cannot be drawn is shown as the JSON that it is. As routing/content.py has it.
const [MOST_FIELDS, MOST_CHOICES] = [200, 1000];
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isList = (value, most) => Array.isArray(value) && value.length <= most;
const isFew = (value) => value === undefined || (isList(value, MOST_CHOICES) && value.length > 0);
const isWord = (value) => value === undefined || typeof value === "string";
const isField = (one) => isObject(one) && isFew(one.enum) && isFew(one.oneOf) && isFew(one.anyOf) && [...(one.oneOf ?? []), ...(one.anyOf ?? [])].every(isObject)
  && isWord(one.title) && isWord(one.description) && isList(one.required ?? [], MOST_CHOICES) && (one.items === undefined || isField(one.items));
const isDrawn = (schema) => isField(schema) && isObject(schema.properties ?? {}) && Object.keys(schema.properties ?? {}).length <= MOST_FIELDS && Object.values(schema.properties ?? {}).every(isField);
export const isSchema = (part) => (part.mediaType ?? "").startsWith("application/schema+json") && isDrawn(part.data);
const hints = { lines: told.oneEach, json: told.asJson };
const APPROVES = /appro|allow|accept|confirm|permit|agree|proceed|continue/i;

// The one yes or no that a form turns on, if there is one: it becomes two buttons.
function decisive(schema) {
  if (!isForm(schema)) return schema.type === "boolean" ? "" : null;
  const yes = Object.entries(schema.properties).filter(([, one]) => one.type === "boolean");
  const others = Object.keys(schema.properties).length - yes.length;
  return yes.length === 1 && (!others || (schema.required ?? []).includes(yes[0][0])) ? yes[0][0] : null;
}

export class Asked {
  // answer(parts): sends them to the task that asked. Drawn at once.
  constructor(schemas, answer) {
    this.schemas = schemas;
    this.answer = answer;
    this.turning = schemas.length === 1 ? decisive(schemas[0]) : null;
    const form = pattern("try-asked");
    Object.assign(this, form);
    this.fields = schemas.map((schema) => fieldsOf(schema, hints));
    this.draw();
    this.made.addEventListener("submit", (event) => this.submit(event));
    put(this.made);
    this.made.querySelector("input, select, textarea, button")?.focus({ preventScroll: true });
  }

  draw() {
    for (const [number, schema] of this.schemas.entries()) {
      const shown = this.fields[number].filter((field) => this.turning === null || field.name !== this.turning);
      const group = make("fieldset", "ax-asked-group", ...shown.map((field) => field.node));
      if (schema.title && isForm(schema)) group.prepend(make("legend", "", schema.title));
      if (schema.description && isForm(schema)) group.prepend(make("p", "help", schema.description));
      this.group.append(group);
    }
    for (const button of [this.yes, this.no]) button.hidden = this.turning === null;
    this.send.hidden = this.turning !== null;
    if (this.turning !== null) this.drawTurning();
  }

  // The question beside its two buttons; named by what they mean.
  drawTurning() {
    const [schema] = this.schemas;
    const one = this.turning === "" ? schema : schema.properties[this.turning];
    const approves = this.turning === "" || APPROVES.test(this.turning);
    const says = approves && one.title?.toLowerCase() === this.turning.replaceAll("_", " ").toLowerCase(); // as the buttons do
    const question = one.description || (says ? "" : one.title);
    if (question) this.group.append(make("p", "ax-asked-question", question));
    if (approves) return;
    this.yes.textContent = told.yes;
    this.no.textContent = told.no;
  }

  submit(event) {
    event.preventDefault();
    const decided = this.turning === null ? null : event.submitter?.value === "true";
    const wrong = this.fields.flat().filter((field) => field.name !== this.turning && field.check());
    if (wrong.length) return void wrong[0].input.focus();
    const values = this.schemas.map((schema, number) => this.valueOf(schema, number, decided));
    this.close();
    this.answer(values.map((data) => ({ data })));
  }

  valueOf(schema, number, decided) {
    if (this.turning === "") return decided;
    const answer = answerOf(schema, this.fields[number]);
    return this.turning === null ? answer : { ...answer, [this.turning]: decided };
  }

  // Answered, by it or by words: it stays to be read.
  close() {
    this.group.disabled = true;
    for (const button of [this.yes, this.no, this.send]) button.hidden = true;
  }
}
