/** The scale of a model's input: one mean and deviation for all of its values, or one pair per channel. */
import type { Shape } from './tensor.js';

/** One number, or one for each index on axis 0 of a sample: an image's channels, a vector's features. */
export type PerChannel = number | readonly number[];

interface Scaled {
  readonly shape: Shape;
  readonly mean: PerChannel;
  readonly deviation: PerChannel;
}

/** Mean and factor of each channel, rounded to float32, as a sequence of pairs; undefined if one pair applies to all. */
export function channelScales({ shape, mean, deviation }: Scaled): Float32Array | undefined {
  if (typeof mean === 'number' && typeof deviation === 'number') return undefined;
  const of = (value: PerChannel, c: number) => (typeof value === 'number' ? value : value[c]!);
  return Float32Array.from({ length: 2 * shape[0]! }, (_, i) =>
    i % 2 ? 1 / of(deviation, i >> 1) : of(mean, i >> 1),
  );
}
