/** The choice of how kernels spell their loads and how large their tiles are; see assembly/loads.ts. */
import { relaxedMaddRoundsTwice } from './features.js';

/** The numbers are sums of those of assembly/loads.ts. */
export const LOADS = { narrow: 0, wide: 1, plain: 2, broad: 4, 'broad, wide': 5 } as const;

export type Loads = keyof typeof LOADS;

/**
 * The fast spelling in this engine, recognised by the cause of the difference or a feature that goes with it. Deno's V8
 * checks the bounds of every load, as Deno installs no trap handler; JavaScriptCore is the engine whose multiply-add
 * rounds twice; `RegExp.escape` came to V8 in 13.6, whose register allocation has room for tiles of twelve sums. The
 * choice affects only speed, not bits, so it is not timed: timing would take longer than a wrong choice costs.
 */
export function fastLoads(): Loads {
  known ??= relaxedMaddRoundsTwice() ? 'plain' : fastHere('Deno' in globalThis, 'escape' in RegExp);
  return known;
}

function fastHere(deno: boolean, broad: boolean): Loads {
  if (broad) return deno ? 'broad, wide' : 'broad';
  return deno ? 'wide' : 'narrow';
}

let known: Loads | undefined;
