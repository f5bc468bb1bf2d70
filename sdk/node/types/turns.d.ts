/** @param {Hosting} hosting @param {string} slug */
export function agentOf(hosting: Hosting, slug: string): import("./turn.js").Agent;
/** An error as its caller reads it: class and words, no stack. @param {unknown} error */
export function described(error: unknown): string;
/** Runs turns and counts them. */
export class Turns {
    /** @param {Hosting} hosting */
    constructor(hosting: Hosting);
    /**
     * One message, and every event of its turn in one response.
     * @param {Wire} request @param {any} call
     * @returns {Promise<Wire>}
     */
    unary(request: Wire, call: any): Promise<Wire>;
    /** One message, and its events as they come. @param {any} call */
    stream(call: any): Promise<void>;
    #private;
}
export type Wire = import("./wire.js").Wire;
export type Hosting = import("./hosting.js").Hosting;
/**
 * Events, and with the last of them the memory to keep.
 */
export type Send = (events: Wire[], memory: Uint8Array | null) => void | Promise<void>;
