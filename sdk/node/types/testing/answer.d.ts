/** The events of one turn, and what they amount to. */
export class Answer {
    /** @param {Wire[]} responses */
    constructor(responses: Wire[]);
    /** @type {Wire[]} As they came. */
    events: Wire[];
    success: boolean;
    /** @type {string} */
    error: string;
    /** @type {string} A word for programs. */
    errorCode: string;
    /** The state the turn ended in: "completed", "input_required", …; "failed" on failure. */
    get state(): string;
    /** The text of every artifact, pieces joined as they came. */
    get text(): string;
    /** The words of the last change of state: a question, or why it was rejected. */
    get question(): string;
    /** The direct message that stands in place of a task, or null. */
    get reply(): import("../content.js").Message | null;
    /** The parts of every artifact. */
    get parts(): any[];
    /** Every artifact change, as it came. @returns {Wire[]} */
    get artifacts(): Wire[];
    #private;
}
export type Wire = import("../wire.js").Wire;
