/** The SDK's version, and the versions of the contract it speaks. */
export const VERSION: "0.1.0";
export const SDK: "node-0.1.0";
export const CONTRACTS: readonly number[];
