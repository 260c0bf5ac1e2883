/**
 * How a parameter's first values are drawn, as plain data. The default of every layer is PyTorch's:
 * uniform in ±1/√fan-in for weights and biases.
 */

/** Uniform in [low, high). */
export interface Initializer {
  readonly low: number;
  readonly high: number;
}

/** U(−1/√fanIn, 1/√fanIn): LeCun et al. 1998 §4.6 up to a constant, and what PyTorch does. */
export const fanInUniform = (fanIn: number): Initializer => {
  const bound = 1 / Math.sqrt(fanIn);
  return { low: -bound, high: bound };
};

/** The same value everywhere. */
export const constantly = (value: number): Initializer => ({ low: value, high: value });
