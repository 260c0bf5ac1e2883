/** Which spelling of their loads the kernels take; see assembly/loads.ts. */
import { relaxedMaddRoundsTwice } from './features.js';

/** As assembly/loads.ts numbers them. */
export const LOADS = { narrow: 0, wide: 1, plain: 2 } as const;

export type Loads = keyof typeof LOADS;

/**
 * The fast spelling in this engine, told by what makes the difference or goes with it. Deno's V8 checks the bounds of
 * every load, for Deno installs no trap handler; JavaScriptCore is the engine whose multiply-add rounds twice. No bit
 * depends on the answer, only speed: so it is not timed either, which takes longer than a wrong one costs.
 */
export function fastLoads(): Loads {
  known ??= 'Deno' in globalThis ? 'wide' : relaxedMaddRoundsTwice() ? 'plain' : 'narrow';
  return known;
}

let known: Loads | undefined;
