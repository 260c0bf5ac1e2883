/**
 * The spelling of loads that is fastest in this engine. A kernel may have several spellings, with the same operations
 * on the same values and so the same bits. The host sets the fast one (src/engine/loads.ts), once per instance.
 */

/** A load for each value that is needed in all lanes: V8 and SpiderMonkey, which check no bounds. */
const NARROW: i32 = 0;
/** Few wide loads, and shuffles between registers: where every load's bounds are checked. */
const WIDE: i32 = 1;
/** As NARROW, with the offset of such a load added to its address: JavaScriptCore. */
const PLAIN: i32 = 2;

export let wideLoads: bool = false;
export let plainLoads: bool = false;

/** Sets the kind: NARROW (the default), WIDE or PLAIN. */
export function spellLoads(kind: i32): void {
  wideLoads = kind == WIDE;
  plainLoads = kind == PLAIN;
}
