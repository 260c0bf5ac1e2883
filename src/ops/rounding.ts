/** Whole numbers next to those of a tensor. The gradient is 0, so none passes. */
import type { Tensor } from '../graph/tensor.js';
import { defineUnary } from './unary.js';

// Codes of assembly/unary.ts.
const none = (): undefined => undefined;

/** The greatest whole number of at most x. */
export const floor: (x: Tensor) => Tensor = defineUnary('floor', ['unary', 15], undefined, none);
/** The least whole number of at least x. */
export const ceil: (x: Tensor) => Tensor = defineUnary('ceil', ['unary', 16], undefined, none);
/** The whole number nearest to x; of two the even one. */
export const round: (x: Tensor) => Tensor = defineUnary('round', ['unary', 17], undefined, none);
/** The whole number next to x towards 0. */
export const trunc: (x: Tensor) => Tensor = defineUnary('trunc', ['unary', 18], undefined, none);
