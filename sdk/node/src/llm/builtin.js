/** Tools that every agent can have by name: the same as in Python. */

import { Tool } from "../adapter.js";

const MOST = 1e30; // no number larger than this comes up on the way
const LONGEST = 200; // characters of an expression
const TOKEN = /\s*(\*\*|\/\/|[-+*/%()]|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/y;
/** @type {Readonly<Record<string, (left: number, right: number) => number>>} */
const OPERATORS = Object.freeze({
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / divisor(right),
  "//": (left, right) => Math.floor(left / divisor(right)),
  "%": (left, right) => left - right * Math.floor(left / divisor(right)),
  "**": power,
});
const SUMS = ["+", "-"];
const PRODUCTS = ["*", "/", "//", "%"];

function clock() {
  return new Date().toISOString().replace(/\.\d+Z$/, "+00:00");
}

/** @param {{expression: string}} args */
function calculator({ expression }) {
  if (expression.length > LONGEST) throw new RangeError(`an expression has at most ${LONGEST} characters`);
  return new Expression(expression).value();
}

/** Reads from left to right: sums of products of signed powers. */
class Expression {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.tokens = tokensOf(text);
  }

  value() {
    const value = this.#row(SUMS, () => this.#row(PRODUCTS, () => this.#signed()));
    if (this.tokens.length) throw this.#wrong();
    return value;
  }

  /** @param {string[]} operators @param {() => number} operand @returns {number} */
  #row(operators, operand) {
    let value = operand();
    while (operators.includes(this.tokens[0])) value = this.#applied(value, operand);
    return value;
  }

  /** @param {number} left @param {() => number} operand */
  #applied(left, operand) {
    const operator = /** @type {string} */ (this.tokens.shift());
    return bounded(OPERATORS[operator](left, operand()));
  }

  /** @returns {number} */
  #signed() {
    if (!SUMS.includes(this.tokens[0])) return this.#power();
    return this.tokens.shift() === "-" ? -this.#signed() : this.#signed();
  }

  /** @returns {number} */
  #power() {
    const base = this.#atom();
    return this.tokens[0] === "**" ? this.#applied(base, () => this.#signed()) : base;
  }

  /** @returns {number} */
  #atom() {
    const token = this.tokens.shift();
    if (token === "(") {
      const value = this.#row(SUMS, () => this.#row(PRODUCTS, () => this.#signed()));
      if (this.tokens.shift() !== ")") throw this.#wrong();
      return value;
    }
    if (token === undefined || Number.isNaN(Number(token))) throw this.#wrong();
    return Number(token);
  }

  #wrong() {
    return new SyntaxError(`"${this.text}" is no arithmetic expression`);
  }
}

/** @param {string} text */
function tokensOf(text) {
  const tokens = [];
  const whole = text.trim();
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < whole.length; ) {
    const found = TOKEN.exec(whole);
    if (!found) throw new SyntaxError("only numbers, brackets and + - * / // % ** are understood");
    tokens.push(found[1]);
  }
  return tokens;
}

/** @param {number} value */
function divisor(value) {
  if (value === 0) throw new RangeError("division by zero");
  return value;
}

/** @param {number} left @param {number} right */
function power(left, right) {
  if (Math.abs(right) > 100 || Math.abs(left) > MOST) throw new RangeError("this power is too large");
  return left ** right;
}

/** @param {number} value */
function bounded(value) {
  if (!(Math.abs(value) <= MOST)) throw new RangeError("this number is too large");
  return value;
}

const EXPRESSION = {
  type: "object",
  properties: { expression: { type: "string", description: "Numbers, brackets and + - * / // % **." } },
  required: ["expression"],
  additionalProperties: false,
};

/** @type {Readonly<Record<string, Tool>>} */
export const TOOLS = Object.freeze({
  clock: new Tool("clock", clock, {
    description: "The date and time now, in UTC, as ISO 8601.",
    inputSchema: { type: "object", properties: {}, additionalProperties: false },
  }),
  calculator: new Tool("calculator", calculator, {
    description: "Work out an arithmetic expression such as (2 + 3) * 4.",
    inputSchema: EXPRESSION,
  }),
});
