/** What agents of this plugin can be told: the kit's settings, sub-agents, and workflows. Imports no framework. */

import { agentSchema, memberSchema, object, pluginSchema, text } from "@agentx/sdk/llm";

const NAME = "^[A-Za-z][A-Za-z0-9_]{0,63}$";
const MOST_STEPS = 100;

const PROMPT = "What is said to it: {input}, {last}, {history}, {name} or {name.field} of a step before. Empty: {last}.";

const CONDITION = object(
  {
    of: text("The result of which step, or a field in it (name.field); empty: of the last one."),
    equals: { description: "Any JSON value." },
    contains: { type: "string", description: "Words in it, in whatever case." },
    not: { type: "boolean", description: "The other way round.", default: false },
  },
  { description: "Holds when the result is `equals`, or has `contains` in it; with neither, when there is one." },
);

const SIMPLE = {
  name: { type: "string", description: "By which later steps name its result. Unique.", pattern: NAME },
  agent: text("A member: it answers `prompt`."),
  prompt: text(PROMPT),
  output_schema: {
    type: "object", additionalProperties: {},
    description: "JSON Schema of that answer, which is data then; empty: text.", default: {},
  },
  tool: text("A tool of the agent's `tools`: it is called with `arguments`."),
  arguments: {
    type: "object", additionalProperties: {},
    description: "Texts in them may name results, as in `prompt`.", default: {},
  },
  ask: text("A question to the caller: the turn ends, and goes on with the answer. Names results as `prompt` does."),
  schema: {
    type: "object", additionalProperties: {},
    description: "JSON Schema of the caller's answer; empty: approved or not, with a comment.", default: {},
  },
  say: text("A text made of results, as in `prompt`."),
};
const ONE_OF = "One of agent, tool, ask and say.";

const simpleStep = object(SIMPLE, { description: ONE_OF, required: ["name"] });
const simpleSteps = { type: "array", items: simpleStep, minItems: 1, maxItems: MOST_STEPS };

const STEP = object(
  {
    ...SIMPLE,
    parallel: {
      type: "array", items: simpleStep, maxItems: MOST_STEPS,
      description: "Steps at the same time; the result has that of each by its name.", default: [],
    },
    branch: {
      type: "array", maxItems: MOST_STEPS,
      items: object({ when: CONDITION, steps: simpleSteps }, { required: ["steps"] }),
      description: "The first one that holds; one without `when` holds always.", default: [],
    },
    loop: object(
      {
        steps: simpleSteps,
        until: CONDITION,
        most: {
          type: "integer", minimum: 1, maximum: 100, default: 10,
          description: "Rounds; the turn fails when the condition does not hold after so many.",
        },
      },
      { description: "Steps again and again, until a condition holds.", required: ["steps", "until"] },
    ),
  },
  { description: "One of agent, tool, ask, say, parallel, branch and loop.", required: ["name"] },
);

/** Of all agents of the plugin. */
export const PLUGIN_SCHEMA = pluginSchema();

/** Of an agent. */
export const AGENT_SCHEMA = agentSchema(
  {
    members: {
      type: "array", items: memberSchema(), maxItems: 32,
      description: "Sub-agents, which the agent asks as it sees fit; with a workflow, those that its steps name.",
      default: [],
    },
    workflow: {
      type: "array", items: STEP, maxItems: MOST_STEPS,
      description: "Steps, one after the other, instead of one agent.", default: [],
    },
  },
  "An agent, a supervisor of sub-agents, a workflow, or your own code, of Mastra.",
);
