/** Samplers, which choose and order the samples of an epoch as a function of (count, seed, epoch) alone. */
import { isList, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { crc32 } from '../formats/crc32.js';
import { randomStream, type RandomStream } from '../random/philox.js';
import { purpose } from '../random/purposes.js';
import { classCounts, labelsOf } from './class-labels.js';
import type { IndexedDataset } from './dataset.js';
import { samplesOf } from './forms.js';
import { shuffledOrder } from './shuffle.js';

/** The order of an epoch's samples. */
export interface Sampler {
  readonly kind: string;
  /** Settings that distinguish it from others of its kind, for checkpoints. */
  readonly settings: Readonly<Record<string, string | number>>;
  /**
   * Indices of `count` samples of an epoch, in order; epochs count from 1.
   * @throws LanewiseError kind 'argument' if the sampler is made for another count.
   */
  order(count: number, seed: number, epoch: number): Uint32Array;
}

/** Every sample once, in an order that changes each epoch: the default of training. */
export const shuffled = (): Sampler => ({ kind: 'shuffled', settings: {}, order: shuffledOrder });

/** Every sample once, in the data's order. */
export const sequential = (): Sampler => ({
  kind: 'sequential',
  settings: {},
  order: (count) => Uint32Array.from({ length: count }, (_, i) => i),
});

/** As many samples as there are, drawn with replacement, each with probability proportional to its weight. */
export function weighted(weights: ArrayLike<number>): Sampler {
  if (!isList(weights)) refuse('samplers.weighted', 'weights', weights, 'a number for each sample');
  /** sums[i] is the sum of the weights up to and including that of sample i. */
  const sums = new Float64Array(weights.length);
  let sum = 0;
  let last = -1;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Infinity))
      refuse('samplers.weighted', `weights[${i}]`, weight, 'a number of at least 0');
    sum += weight;
    sums[i] = sum;
    if (weight > 0) last = i;
  }
  if (!(sum > 0 && sum < Infinity))
    throw new LanewiseError('argument', `weighted: the weights add up to ${sum}`);
  const draw = (random: RandomStream): number => {
    // 53 random bits, so that every one of many samples can be drawn.
    const high = random.word() >>> 5;
    const low = random.word() >>> 6;
    const place = ((high * 2 ** 26 + low) / 2 ** 53) * sum;
    // Rounding up can reach the sum itself, beyond the last sample.
    return Math.min(firstAbove(sums, place), last);
  };
  return {
    kind: 'weighted',
    settings: {
      count: weights.length,
      checksum: crc32(new Uint8Array(Float64Array.from(weights).buffer)),
    },
    order: (count, seed, epoch) => drawn('weighted', weights.length, count, seed, epoch, draw),
  };
}

/** The first index whose sum is above `place`, by bisection. */
function firstAbove(sums: Float64Array, place: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle]! > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As many samples as there are, with all classes equally likely: a class is drawn, then one of its samples. */
export function balanced(data: IndexedDataset): Sampler {
  const labels = labelsOf(samplesOf(data));
  const members = classCounts(data).map((count) => new Uint32Array(count));
  const filled = members.map(() => 0);
  labels.forEach((label, i) => {
    if (label >= 0) members[label]![filled[label]!++] = i;
  });
  const present = members.filter((list) => list.length > 0);
  const draw = (random: RandomStream): number => {
    const list = present[random.integer(present.length)]!;
    return list[random.integer(list.length)]!;
  };
  return {
    kind: 'balanced',
    settings: {
      count: labels.length,
      checksum: crc32(new Uint8Array(Int32Array.from(labels).buffer)),
    },
    order: (count, seed, epoch) => drawn('balanced', labels.length, count, seed, epoch, draw),
  };
}

function drawn(
  kind: string,
  expected: number,
  count: number,
  seed: number,
  epoch: number,
  draw: (random: RandomStream) => number,
): Uint32Array {
  if (count !== expected) {
    throw new LanewiseError(
      'argument',
      `the sampler '${kind}' is made for ${expected} samples, the data set has ${count}`,
    );
  }
  const random = randomStream(seed, purpose.sampler, epoch);
  return Uint32Array.from({ length: count }, () => draw(random));
}
