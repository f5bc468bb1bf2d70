/** Waiting for one thing, for things in a row, and for a turn. */
/**
 * What a promise gives, unless the signal comes before: then its reason is thrown.
 * @template T
 * @param {T | PromiseLike<T>} promise @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export function orAborted<T>(promise: T | PromiseLike<T>, signal: AbortSignal): Promise<T>;
/** Items in the order they were put; one taker. @template T */
export class Queue<T> {
    /** @param {T} item */
    put(item: T): void;
    /** The next item, when there is one. @returns {Promise<T>} */
    take(): Promise<T>;
    #private;
}
/** One at a time of each key, in the order they came. */
export class Order {
    /**
     * Wait until it is one's turn; what is given back ends it. Throws the signal's reason when it comes before.
     * @param {string} key @param {AbortSignal} signal
     * @returns {Promise<() => void>}
     */
    enter(key: string, signal: AbortSignal): Promise<() => void>;
    #private;
}
/** Lets what came in at once begin one after the other, with the event loop's other work in between. */
export class Gate {
    /** Go on at once when nothing else begins in this round of the loop. */
    pass(): Promise<void>;
    #private;
}
