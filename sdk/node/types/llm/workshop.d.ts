/** @typedef {{name: string, description: string, inputSchema: Record<string, any>}} About */
/** The function that `code` names, in threads that begin when they are needed. */
export class Workshop {
    /** @param {string} code @param {readonly string[]} folders */
    constructor(code: string, folders: readonly string[]);
    /** What the function says of itself. Throws ConfigError for code that does not import. @param {string} place */
    about(place: string): Promise<About>;
    /** Call it. Throws what it throws, and the signal's reason; its thread has ended then. @param {Record<string, any>} args @param {AbortSignal} signal */
    call(args: Record<string, any>, signal: AbortSignal): Promise<any>;
    /** End its threads. */
    close(): void;
    #private;
}
export type About = {
    name: string;
    description: string;
    inputSchema: Record<string, any>;
};
