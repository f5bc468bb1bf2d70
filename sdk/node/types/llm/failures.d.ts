/**
 * What an error out of a framework says, by what caused it; null when no model is in it.
 * @param {unknown} error
 * @returns {TaskFailed | TaskRejected | null}
 */
export function failureOf(error: unknown): TaskFailed | TaskRejected | null;
export const UNAUTHORIZED: "model_unauthorized";
export const RATE_LIMITED: "model_rate_limited";
export const TIMEOUT: "model_timeout";
export const UNREACHABLE: "model_unreachable";
export const NOT_FOUND: "model_not_found";
export const REFUSED: "model_refused";
export const FAILED: "model_failed";
export const TOO_LONG: "context_too_long";
export const STEPS: "too_many_steps";
export const OUTPUT_INVALID: "output_invalid";
import { TaskFailed } from "../errors.js";
import { TaskRejected } from "../errors.js";
