/**
 * How a parameter's first values are drawn, as plain data. The default of every layer is PyTorch's:
 * uniform in ±1/√fan-in for weights and biases.
 */

export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number };

export const constantInit = (value: number): Initializer => ({ kind: 'constant', value });
export const uniformInit = (low: number, high: number): Initializer => ({
  kind: 'uniform',
  low,
  high,
});
export const normalInit = (mean: number, deviation: number): Initializer => ({
  kind: 'normal',
  mean,
  deviation,
});

/** U(−1/√fanIn, 1/√fanIn): LeCun et al. 1998 §4.6 up to a constant, and what PyTorch does. */
export const fanInUniform = (fanIn: number): Initializer => {
  const bound = 1 / Math.sqrt(fanIn);
  return uniformInit(-bound, bound);
};
