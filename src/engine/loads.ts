/** The choice of how kernels spell their loads; see assembly/loads.ts. */
import { relaxedMaddRoundsTwice } from './features.js';

/** The numbers are those of assembly/loads.ts. */
export const LOADS = { narrow: 0, wide: 1, plain: 2 } as const;

export type Loads = keyof typeof LOADS;

/**
 * The fast spelling in this engine, recognised by the cause of the difference or a feature that goes with it. Deno's V8
 * checks the bounds of every load, as Deno installs no trap handler; JavaScriptCore is the engine whose multiply-add
 * rounds twice. The choice affects only speed, not bits, so it is not timed: timing would take longer than a wrong
 * choice costs.
 */
export function fastLoads(): Loads {
  known ??= 'Deno' in globalThis ? 'wide' : relaxedMaddRoundsTwice() ? 'plain' : 'narrow';
  return known;
}

let known: Loads | undefined;
