/** The process did not come up; says why, with what it wrote to stderr. */
export class LaunchFailed extends Error {
}
/**
 * @typedef {object} ProcessOptions
 * @property {Record<string, string>} [environment] More variables.
 * @property {number} [timeout] Seconds until the handshake (20).
 * @property {Record<string, unknown>} [launch] Fields of the launch line.
 */
/** One process of the plugin in a folder. `address` is its socket once it is started. */
export class Process {
    /** @param {string} folder @param {ProcessOptions} [options] */
    constructor(folder: string, options?: ProcessOptions);
    /** @type {string[]} The fields of its line. */
    handshake: string[];
    folder: string;
    options: ProcessOptions;
    manifest: Record<string, any>;
    token: string;
    /** @type {Record<string, any>} */
    launch: Record<string, any>;
    /** The gRPC address. */
    get address(): string;
    /** The process's id. */
    get pid(): number;
    /** What it wrote to stderr so far. */
    get log(): string;
    /** Start it, and wait for its handshake. Throws LaunchFailed. */
    launched(): Promise<this>;
    /** The exit status, once it has ended; null when a signal ended it. */
    wait(): Promise<number | null>;
    /** Send it a signal. @param {NodeJS.Signals} name */
    signal(name: NodeJS.Signals): void;
    /** End it at once, and tidy up. */
    end(): Promise<void>;
    #private;
}
export type ProcessOptions = {
    /**
     * More variables.
     */
    environment?: Record<string, string> | undefined;
    /**
     * Seconds until the handshake (20).
     */
    timeout?: number | undefined;
    /**
     * Fields of the launch line.
     */
    launch?: Record<string, unknown> | undefined;
};
