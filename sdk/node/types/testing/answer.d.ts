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
    /** @type {Uint8Array | null} What to remember of the conversation; null: as before. */
    memory: Uint8Array | null;
    /** @type {Record<string, any>} What a failure says for programs. */
    failure: Record<string, any>;
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
    /** The tools that were called: `{id, name, arguments}`. */
    get toolCalls(): Record<string, any>[];
    /** What came of them: `{id, name, result}`, or "error" in place of "result". */
    get toolResults(): Record<string, any>[];
    /** What each model took: `{model, inputTokens, outputTokens, cost?, currency?}`. @returns {Record<string, any>[]} */
    get usage(): Record<string, any>[];
    /** The JSON Schema of the answer that an `InputRequired` asks for, or null. @returns {Record<string, any> | null} */
    get form(): Record<string, any> | null;
    #private;
}
export type Wire = import("../wire.js").Wire;
