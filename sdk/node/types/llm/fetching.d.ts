/**
 * A `fetch` whose requests end when the model is silent for its `timeout_seconds`, at the beginning or between two
 * pieces, and are tried again as often as it says. Nothing is tried again once an answer has begun.
 * @param {WholeModel} model
 * @returns {typeof fetch}
 */
export function modelFetch(model: WholeModel): typeof fetch;
export type WholeModel = import("./models.js").WholeModel;
