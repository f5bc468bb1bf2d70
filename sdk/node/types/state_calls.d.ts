/** Moves what the adapter keeps, as a stream of entries. */
export class StateCalls {
    /** @param {Adapter} adapter */
    constructor(adapter: Adapter);
    /** @param {any} call */
    save(call: any): Promise<void>;
    /** @param {any} call @returns {Promise<import("./wire.js").Wire>} */
    load(call: any): Promise<import("./wire.js").Wire>;
    #private;
}
export type Adapter = import("./adapter.js").Adapter;
