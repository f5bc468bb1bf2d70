/** How busy the process is. */
/** Messages in flight: now, on average over time, and counted since the start. */
export class Load {
    /** @param {() => number} [clock] Milliseconds. */
    constructor(clock?: () => number);
    inFlight: number;
    finished: number;
    failed: number;
    /** A message came. */
    enter(): void;
    /** A message is done with. @param {boolean} failed */
    leave(failed: boolean): void;
    /** Messages in flight, weighted by time, since this was last asked. */
    takeAverage(): number;
    #private;
}
