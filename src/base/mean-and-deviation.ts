/** Mean and standard deviation of some values. */
export interface MeanAndDeviation {
  readonly mean: number;
  /** The sample standard deviation, divided by n − 1; 0 for one value. */
  readonly deviation: number;
}

/** Mean and standard deviation of some values. */
export function meanAndDeviation(values: readonly number[]): MeanAndDeviation {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
