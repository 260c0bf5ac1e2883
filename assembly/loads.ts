/**
 * How this engine wants its loads spelled. A kernel may have several spellings, with the same operations on the same
 * values and so the same bits. The host says which is the fast one (src/engine/loads.ts), once an instance.
 */

/** A load for each value that is needed in all lanes: V8 and SpiderMonkey, which check no bounds. */
const NARROW: i32 = 0;
/** Few wide loads, and shuffles between registers: where every load's bounds are checked. */
const WIDE: i32 = 1;
/** As NARROW, with the offset of such a load added to its address: JavaScriptCore. */
const PLAIN: i32 = 2;

export let wideLoads: bool = false;
export let plainLoads: bool = false;

/** kind: NARROW (which it is until then), WIDE or PLAIN. */
export function spellLoads(kind: i32): void {
  wideLoads = kind == WIDE;
  plainLoads = kind == PLAIN;
}
