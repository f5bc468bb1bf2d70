/**
 * The events of one turn, in order.
 *
 * Live: each piece of the reply leaves at once, appended to one artifact. Otherwise the pieces wait
 * and leave as one artifact at the end. Ids follow from the message's, so that a message delivered
 * twice makes the same artifacts twice and not two of each; another message of the task that came
 * under the same id makes its own.
 */
export class EventWriter {
    /** @param {Turn} turn @param {{live: boolean}} options */
    constructor(turn: Turn, { live }: {
        live: boolean;
    });
    ended: boolean;
    /**
     * The events that may leave now because of `item`. Throws TypeError.
     * @param {unknown} item
     * @returns {Wire[]}
     */
    add(item: unknown): Wire[];
    /**
     * The events that end the turn.
     * @returns {Wire[]}
     */
    finish(): Wire[];
    /** What the models took so far: one entry for each. */
    get usage(): import("./content.js").JsonObject[];
    #private;
}
export type Wire = import("./wire.js").Wire;
export type Turn = import("./turn.js").Turn;
