/** A UUID of version 5, the same as Python's `uuid5`. @param {string} name */
export function follows(name: string): string;
/** What a model is told of it. Throws TaskFailed when the agent failed. @param {Reply} reply */
export function replyOf(reply: Reply): string | {
    text: string;
    data: any[];
};
/** What an agent answered: A2A parts of its artifacts and of its last status. */
export class Reply {
    /** @param {string} [taskId] */
    constructor(taskId?: string);
    state: string;
    /** @type {Json[]} */
    parts: Json[];
    words: string;
    taskId: string;
    /** Whether it asks for more before it goes on. */
    get waits(): boolean;
}
/** For all turns of the process; close it in the end. */
export class Remote {
    /**
     * Say `text` to `agent`; with `taskId`, as the answer that this task waits for.
     *
     * Aborted, it cancels the other agent's task too. Throws TaskFailed when it cannot be asked.
     * @param {Turn} turn @param {string} agent @param {string} text
     * @param {{taskId?: string, signal?: AbortSignal}} [options]
     */
    ask(turn: Turn, agent: string, text: string, { taskId, signal }?: {
        taskId?: string;
        signal?: AbortSignal;
    }): Promise<Reply>;
    /** Wait for what is being cancelled. */
    close(): Promise<void>;
    #private;
}
export type Turn = import("../turn.js").Turn;
export type Json = Record<string, any>;
