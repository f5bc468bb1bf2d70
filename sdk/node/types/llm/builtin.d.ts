/** @type {Readonly<Record<string, Tool>>} */
export const TOOLS: Readonly<Record<string, Tool>>;
import { Tool } from "../adapter.js";
