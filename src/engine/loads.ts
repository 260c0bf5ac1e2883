/** Where loads from memory are dear, so that the kernels' wide spelling is the faster one; see assembly/loads.ts. */
import { relaxedMaddRoundsTwice } from './features.js';

/**
 * Two engines gain by it, and each is told by what makes the difference or goes with it: Deno's V8 checks the bounds of
 * every load, for Deno installs no trap handler; JavaScriptCore, known by its multiply-add, folds no offset into a load
 * that repeats a value. No bit depends on the answer, only speed: so none is found by timing, which takes
 * longer than a wrong one costs.
 */
export const prefersWideLoads = (): boolean => 'Deno' in globalThis || relaxedMaddRoundsTwice();
