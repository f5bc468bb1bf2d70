/** How busy the process is. */

/** Messages in flight: now, on average over time, and counted since the start. */
export class Load {
  #clock;
  #changed;
  #since;
  #area = 0;
  inFlight = 0;
  finished = 0;
  failed = 0;

  /** @param {() => number} [clock] Milliseconds. */
  constructor(clock = () => performance.now()) {
    this.#clock = clock;
    this.#changed = this.#since = clock();
  }

  /** A message came. */
  enter() {
    this.#advance();
    this.inFlight += 1;
  }

  /** A message is done with. @param {boolean} failed */
  leave(failed) {
    this.#advance();
    this.inFlight -= 1;
    this.finished += 1;
    this.failed += failed ? 1 : 0;
  }

  /** Messages in flight, weighted by time, since this was last asked. */
  takeAverage() {
    const now = this.#advance();
    const elapsed = now - this.#since;
    const area = this.#area;
    this.#since = now;
    this.#area = 0;
    return elapsed > 0 ? area / elapsed : this.inFlight;
  }

  #advance() {
    const now = this.#clock();
    this.#area += this.inFlight * (now - this.#changed);
    this.#changed = now;
    return now;
  }
}
