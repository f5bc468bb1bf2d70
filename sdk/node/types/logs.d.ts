/**
 * A line of JSON: ts, level, logger, message, plugin, the turn's ids, exception.
 * @param {string} level @param {string} logger @param {unknown[]} values
 */
export function line(level: string, logger: string, values: unknown[]): string;
/**
 * Send the console and every logger to stderr, at the level that LOG_LEVEL names (info).
 * @param {string} name The plugin.
 */
export function configure(name: string): void;
/** Writes lines of one name. Values are filled in as `console.log` does it; an Error brings its stack. */
export class Logger {
    /** @param {string} name */
    constructor(name: string);
    name: string;
    /** @param {...unknown} values */
    debug(...values: unknown[]): void;
    /** @param {...unknown} values */
    info(...values: unknown[]): void;
    /** @param {...unknown} values */
    warning(...values: unknown[]): void;
    /** @param {...unknown} values */
    error(...values: unknown[]): void;
}
/** A burst of lines passes, then a few a second: a flood of failures must not fill the disk. */
export class Sparing {
    /** @param {number} [burst] @param {number} [perSecond] @param {() => number} [clock] Milliseconds. */
    constructor(burst?: number, perSecond?: number, clock?: () => number);
    /** null: keep this line back. Else how many were kept back since the last one that passed. */
    admit(): number | null;
    #private;
}
