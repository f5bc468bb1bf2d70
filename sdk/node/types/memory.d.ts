/**
 * JSON values by name. AgentX keeps them; the next turn of the conversation gets them, in whichever
 * process. A turn that fails or is cancelled leaves the memory as it was before.
 * @extends {Map<string, any>}
 */
export class Memory extends Map<string, any> {
    /** Throws SyntaxError, TypeError and RangeError for bytes that are no memory. @param {Uint8Array} [encoded] */
    constructor(encoded?: Uint8Array);
    /**
     * The bytes to keep; null: nothing changed. Throws TaskFailed for more than a MiB, TypeError for no JSON.
     * @returns {Uint8Array | null}
     */
    encoded(): Uint8Array | null;
    #private;
}
