/** Normalisation as its definitions say, in double precision and plain loops. */

/**
 * (x − mean)/√(variance + ε)·w + b, where `group(i)` says with which elements element i shares mean and variance and
 * `place(i)` which weight and bias are its own. No weight is 1, no bias 0.
 */
export function normalise(
  x: ArrayLike<number>,
  w: ArrayLike<number> | undefined,
  b: ArrayLike<number> | undefined,
  group: (i: number) => number,
  place: (i: number) => number,
  epsilon: number,
): Float64Array {
  const members = new Map<number, number[]>();
  for (let i = 0; i < x.length; i++) {
    members.set(group(i), [...(members.get(group(i)) ?? []), i]);
  }
  const y = new Float64Array(x.length);
  for (const own of members.values()) {
    const mean = own.reduce((sum, i) => sum + x[i]!, 0) / own.length;
    const variance = own.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / own.length;
    for (const i of own) {
      const normalised = (x[i]! - mean) / Math.sqrt(variance + epsilon);
      y[i] = normalised * (w?.[place(i)] ?? 1) + (b?.[place(i)] ?? 0);
    }
  }
  return y;
}

export interface Response {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** x[c] / (k + α/size·Σ x[j]²)^β over the channels j from c − ⌊size/2⌋ to c + ⌊(size − 1)/2⌋; x: N×C×area. */
export function localResponseNorm(
  x: ArrayLike<number>,
  [N, C, area]: readonly [number, number, number],
  { size, alpha, beta, k }: Response,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < area; i++) {
        const value = (channel: number) => x[(n * C + channel) * area + i]!;
        let squares = 0;
        for (let j = c - Math.floor(size / 2); j <= c + Math.floor((size - 1) / 2); j++) {
          if (j >= 0 && j < C) squares += value(j) ** 2;
        }
        y[(n * C + c) * area + i] = value(c) / (k + (alpha / size) * squares) ** beta;
      }
    }
  }
  return y;
}
