/**
 * Throws RangeError when entries are larger than may be moved.
 * @param {Iterable<StateEntry>} entries
 */
export function checkSize(entries: Iterable<StateEntry>): void;
export const MAX_ENTRY: number;
export const MAX_STATE: number;
/** One thing to keep: `value` is bytes, `version` grows with every change in this process. */
export class StateEntry {
    /**
     * @param {{key: string, value?: Uint8Array, agentId?: string, version?: number, removed?: boolean}} fields
     */
    constructor({ key, value, agentId, version, removed }: {
        key: string;
        value?: Uint8Array;
        agentId?: string;
        version?: number;
        removed?: boolean;
    });
    key: string;
    value: Uint8Array<ArrayBufferLike>;
    agentId: string;
    version: number;
    removed: boolean;
}
/**
 * A Map of JSON values that knows what changed since when.
 *
 * A value that was changed in place (`state.get("list").push(1)`) is noticed too, when the state is
 * saved.
 * @extends {Map<string, any>}
 */
export class State extends Map<string, any> {
    constructor();
    /** That of the newest change, 0 before the first. */
    get version(): number;
    /**
     * Throws TypeError for what JSON cannot say, RangeError for more than a MiB.
     * @override @param {string} key @param {any} value
     */
    override set(key: string, value: any): this;
    /**
     * What changed after version `since`, oldest change first; 0: everything there is.
     * @param {number} [since]
     * @returns {StateEntry[]}
     */
    changes(since?: number): StateEntry[];
    /**
     * Take entries of another process over what is here; other keys stay. Throws SyntaxError.
     * @param {Iterable<StateEntry>} entries
     */
    load(entries: Iterable<StateEntry>): void;
    #private;
}
