/** @param {{base: string}} data */
export function initialize(data: {
    base: string;
}): void;
/**
 * @param {string} specifier @param {{parentURL?: string}} context
 * @param {(specifier: string, context: object) => Promise<object>} next
 */
export function resolve(specifier: string, context: {
    parentURL?: string;
}, next: (specifier: string, context: object) => Promise<object>): Promise<object>;
