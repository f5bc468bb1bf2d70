/** Waiting for one thing, for things in a row, and for a turn. */

/**
 * What a promise gives, unless the signal comes before: then its reason is thrown.
 * @template T
 * @param {T | PromiseLike<T>} promise @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export function orAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const gone = () => reject(signal.reason);
    const settled = () => signal.removeEventListener("abort", gone);
    signal.addEventListener("abort", gone, { once: true });
    Promise.resolve(promise).finally(settled).then(resolve, reject);
    if (signal.aborted) gone();
  });
}

/** Items in the order they were put; one taker. @template T */
export class Queue {
  /** @type {T[]} */
  #items = [];
  /** @type {((item: T) => void) | null} */
  #taker = null;

  /** @param {T} item */
  put(item) {
    const taker = this.#taker;
    this.#taker = null;
    if (taker) taker(item);
    else this.#items.push(item);
  }

  /** The next item, when there is one. @returns {Promise<T>} */
  async take() {
    if (this.#items.length) return /** @type {T} */ (this.#items.shift());
    return new Promise((resolve) => {
      this.#taker = resolve;
    });
  }
}

/** One at a time of each key, in the order they came. */
export class Order {
  /** @type {Map<string, Promise<void>>} The last one of each key. */
  #last = new Map();

  /**
   * Wait until it is one's turn; what is given back ends it. Throws the signal's reason when it comes before.
   * @param {string} key @param {AbortSignal} signal
   * @returns {Promise<() => void>}
   */
  async enter(key, signal) {
    const before = this.#last.get(key) ?? Promise.resolve();
    let leave = () => {};
    const left = new Promise((resolve) => {
      leave = () => resolve(undefined);
    });
    /** @type {Promise<void>} */
    const own = before.then(() => left).then(() => this.#forget(key, own));
    this.#last.set(key, own);
    try {
      await orAborted(before, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  /** @param {string} key @param {Promise<void>} own */
  #forget(key, own) {
    if (this.#last.get(key) === own) this.#last.delete(key);
  }
}

/** Lets what came in at once begin one after the other, with the event loop's other work in between. */
export class Gate {
  #begun = 0;
  #timer = false;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** Go on at once when nothing else begins in this round of the loop. */
  async pass() {
    if (this.#begun === 0) {
      this.#begin();
      return;
    }
    await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
  }

  #begin() {
    this.#begun += 1;
    if (this.#timer) return;
    this.#timer = true;
    setImmediate(() => this.#round());
  }

  #round() {
    this.#timer = false;
    this.#begun = 0;
    const next = this.#waiting.shift();
    if (!next) return;
    this.#begin();
    next();
  }
}
