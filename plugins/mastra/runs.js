/** Runs of a workflow: begun with a message, gone on with an answer, in whichever process. */

import { InputRequired, Part, TaskFailed } from "@agentx/sdk";

import { failed } from "./agents.js";
import { Values, currentValues } from "./workflows.js";
import { fitted, inWords } from "./values.js";

const RUN = "run"; // in what this framework keeps of a conversation
const NOT_TAKEN = "invalid_arguments";
const QUESTION = "The workflow waits for an answer.";

/** Answers turns by a workflow. What it waits with is kept with the conversation, and nowhere else. */
export class Runner {
  /** @param {object} workflow @param {(workflows: object) => object} host Makes the Mastra that it runs in. */
  constructor(workflow, host) {
    this.mastra = host({ [workflow.id]: workflow });
    this.workflow = this.mastra.getWorkflow(workflow.id);
    this.input = schemaOf(workflow.inputSchema);
  }

  async *answer(exchange) {
    const waiting = exchange.native[RUN];
    delete exchange.native[RUN];
    if (waiting?.taskId === exchange.turn.taskId) {
      yield* this.#goOn(waiting, exchange);
      return;
    }
    const history = exchange.history.map((each) => `${each.role}: ${each.text}`).join("\n");
    const values = new Values({ results: { input: exchange.message.text, last: exchange.message.text } }, history);
    const { value, wrong } = await fitted(exchange.answer, this.input);
    if (wrong) throw new TaskFailed(`the workflow takes ${fieldsOf(this.input)}: ${wrong}`, NOT_TAKEN);
    yield* this.#run(exchange, exchange.turn.requestId || exchange.turn.taskId, values, (run) => run.start({ inputData: value }));
  }

  async *#goOn(waiting, exchange) {
    const { value, wrong } = await fitted(exchange.answer, waiting.schema);
    if (wrong) {
      exchange.native[RUN] = waiting;
      yield new InputRequired(`${waiting.question}\n(${wrong})`, { schema: waiting.schema });
      return;
    }
    const store = await this.#store();
    for (const { name, snapshot } of waiting.snapshots) {
      await store.persistWorkflowSnapshot({ workflowName: name, runId: snapshot.runId, snapshot });
    }
    const values = new Values(waiting.values, waiting.history);
    yield* this.#run(exchange, waiting.runId, values, (run) => run.resume({ step: waiting.path, resumeData: value }));
  }

  async *#run(exchange, runId, values, begin) {
    const run = await this.workflow.createRun({ runId });
    const stop = () => void run.cancel();
    exchange.signal.addEventListener("abort", stop, { once: true });
    try {
      const outcome = await currentValues.run(values, () => begin(run));
      exchange.signal.throwIfAborted();
      if (outcome.status === "suspended") yield await this.#suspended(outcome, exchange, runId, values);
      else yield* result(outcome, values);
    } finally {
      exchange.signal.removeEventListener("abort", stop);
      await this.#forget(runId);
    }
  }

  /** Keep where it stands with the conversation, and ask. */
  async #suspended({ suspended, suspendPayload }, exchange, runId, values) {
    const [path] = suspended;
    const payload = path.reduce((found, step) => found?.[step] ?? found, suspendPayload) ?? {};
    const question = String(payload.question ?? payload.message ?? payload.reason ?? QUESTION);
    const schema = payload.schema ?? this.#resumeSchema(path);
    const snapshots = (await this.#snapshots(runId)).map(({ workflowName, snapshot }) => ({ name: workflowName, snapshot }));
    const taskId = exchange.turn.taskId;
    exchange.native[RUN] = JSON.parse(JSON.stringify({ taskId, runId, path, question, schema, snapshots, values, history: values.history }));
    return new InputRequired(question, { schema });
  }

  /** What an author's step says of the answer. */
  #resumeSchema(path) {
    const step = path.reduce((found, id) => found?.steps?.[id], this.workflow);
    return schemaOf(step?.resumeSchema);
  }

  async #snapshots(runId) {
    const { runs } = await (await this.#store()).listWorkflowRuns();
    return runs.filter((each) => each.runId === runId).map((each) => ({ ...each, snapshot: parsed(each.snapshot) }));
  }

  async #forget(runId) {
    const store = await this.#store();
    for (const { workflowName } of await this.#snapshots(runId)) await store.deleteWorkflowRunById({ workflowName, runId });
  }

  #store() {
    return this.mastra.getStorage().getStore("workflows");
  }
}

function* result(outcome, values) {
  if (outcome.status !== "success") throw values.failure ?? failed(outcome.error ?? `the workflow is ${outcome.status}`);
  if (values.failure) throw values.failure;
  if (values.streamed) return;
  const told = outcome.result;
  yield typeof told === "object" && told !== null ? new Part({ data: told }) : inWords(told);
}

function fieldsOf({ properties, type = "something else" }) {
  return properties ? `an object of ${Object.keys(properties).join(", ")}` : type;
}

function parsed(snapshot) {
  return typeof snapshot === "string" ? JSON.parse(snapshot) : snapshot;
}

/** JSON Schema of what Mastra calls a schema: zod's or another's. Anything fits where there is none. */
function schemaOf(schema) {
  const told = schema?.["~standard"]?.jsonSchema?.input?.({ target: "draft-2020-12" });
  const { $schema: _, ...own } = told ?? {};
  return own;
}
