/**
 * Whether this engine is to load wide. A kernel may have two spellings, with the same operations on the same
 * values and so the same bits: many narrow loads, or few wide ones and shuffles between registers. The
 * host says which (src/engine/loads.ts), once an instance.
 */

/** Few wide loads rather than many narrow ones. */
export let wideLoads: bool = false;

/** Sets `wideLoads`; 0 or 1. */
export function preferWideLoads(yes: i32): void {
  wideLoads = yes != 0;
}
