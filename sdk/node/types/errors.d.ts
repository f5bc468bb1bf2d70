/**
 * What an adapter throws.
 *
 *     Error
 *     ├── TaskFailed       the turn failed, for a reason the caller may read
 *     ├── TaskRejected     the agent will not do this
 *     ├── UnknownAgent     the plugin does not host that agent
 *     ├── UnknownTool      no tool of that name
 *     └── ConfigError      the configuration cannot be used, field by field
 */
/** End the task as failed. `reason` is shown to the caller, `code` and `metadata` are for programs. */
export class TaskFailed extends Error {
    /** @param {string} reason @param {string} [code] @param {Record<string, unknown>} [metadata] */
    constructor(reason: string, code?: string, metadata?: Record<string, unknown>);
    reason: string;
    code: string;
    metadata: {
        [x: string]: unknown;
    };
}
/** End the task as rejected: the agent understood and will not do it. */
export class TaskRejected extends Error {
    /** @param {string} reason */
    constructor(reason: string);
    reason: string;
}
/** The plugin does not host that agent; the caller gets NOT_FOUND. */
export class UnknownAgent extends Error {
    /** @param {string} message */
    constructor(message: string);
}
/** The plugin has no tool of that name; the caller gets NOT_FOUND. */
export class UnknownTool extends Error {
    /** @param {string} message */
    constructor(message: string);
}
/** A configuration that cannot be used. `fields` maps a dotted path to what is wrong there. */
export class ConfigError extends Error {
    /** @param {string} message @param {Record<string, string>} [fields] */
    constructor(message: string, fields?: Record<string, string>);
    fields: {
        [x: string]: string;
    };
}
