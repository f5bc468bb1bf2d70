/** Calls `onEnd` when nobody renewed for `seconds`, and kills the process if that led to nothing. */
export class Lease {
    /** @param {number} seconds @param {() => void} onEnd @param {number} patience Seconds. */
    constructor(seconds: number, onEnd: () => void, patience: number);
    onEnd: () => void;
    patience: number;
    /** Begin to watch. */
    start(): void;
    /** Somebody still wants this process. @param {number} seconds */
    renew(seconds: number): void;
    /** The process ends for another reason. */
    release(): void;
    #private;
}
