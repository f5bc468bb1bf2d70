/** A workflow as its author has it: what costs much waits for a person. */

import { createStep, createWorkflow } from "@mastra/core/workflows";
import { z } from "zod";

const LIMIT = 100;
const decision = z.object({ approved: z.boolean() });
const claim = z.object({ amount: z.number(), why: z.string().default("") });

const approve = createStep({
  id: "approve",
  inputSchema: claim,
  outputSchema: z.object({ paid: z.number() }),
  resumeSchema: decision,
  suspendSchema: z.object({ question: z.string() }),
  execute: async ({ inputData: { amount, why }, resumeData, suspend }) => {
    if (amount > LIMIT && !resumeData) return suspend({ question: `Pay ${amount} for ${why || "nothing"}?` });
    return { paid: amount > LIMIT && !resumeData.approved ? 0 : amount };
  },
});

export const workflow = createWorkflow({ id: "expenses", inputSchema: claim, outputSchema: z.object({ paid: z.number() }) })
  .then(approve)
  .commit();
