/**
 * The spelling of kernels that is fastest in this engine: how they load, and the size of their tile. A kernel may have
 * several spellings, with the same operations on the same values and so the same bits. The host sets the fast one
 * (src/engine/loads.ts), once per instance.
 */

/** Few wide loads, and shuffles between registers: where every load's bounds are checked. */
const WIDE: i32 = 1;
/** A load that repeats a value in all lanes has its offset added to its address: JavaScriptCore. */
const PLAIN: i32 = 2;
/** Tiles of twelve sums: where the engine keeps them in registers, as V8 does since 13.6. */
const BROAD: i32 = 4;

export let wideLoads: bool = false;
export let plainLoads: bool = false;
export let broadTiles: bool = false;

/**
 * Whether a build has them. The builds for inference alone do without: there, and wherever else INFERENCE is asked, a page's
 * size counts for more than what other ways to the same bits gain on large products and batches.
 */
export const hasBroadTiles: bool = ASC_FEATURE_RELAXED_SIMD && !isDefined(INFERENCE);

/** Sets the kinds: a sum of WIDE, PLAIN and BROAD, or 0: a load for each value that is needed in all lanes. */
export function spellLoads(kinds: i32): void {
  wideLoads = (kinds & WIDE) != 0;
  plainLoads = (kinds & PLAIN) != 0;
  broadTiles = (kinds & BROAD) != 0;
}
