/** Scale and offset that are given rather than trained: from a net's numbers to the unit of what it predicts. */
import { checkOptions, finite, listOf, listOr, numberAbove } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/** Settings of `rescale`: one number for all values, or one for each index on the last axis. */
export interface RescaleOptions {
  /** What is added; default 0. */
  readonly mean?: number | readonly number[];
  /** What values are multiplied by before, above 0; default 1. */
  readonly deviation?: number | readonly number[];
}

/** `given` as a vector along x's last axis. @throws ShapeError unless it has as many numbers. */
const along = (x: Tensor, name: string, given: readonly number[]): Tensor => {
  if (x.shape.length >= 2 && x.shape.at(-1) === given.length) return ops.literal(given);
  throw new ShapeError(
    'rescale',
    `an input of ${showShape(x.shape)} does not fit ${name} of ${given.length} numbers, expected as many on the last axis`,
  );
};

/**
 * y = x·deviation + mean, N×… to the same shape: the last layer of a net that predicts values. With the mean and the
 * deviation of the targets the net itself has numbers around 0 of size 1, and its output the target's unit. It has no
 * parameters. Losses whose `scale` is the deviation are then in the net's own units again.
 * @throws LanewiseError kind 'argument' for numbers out of range, and for lists of different lengths.
 */
export function rescale(options: RescaleOptions = {}): Layer {
  const { mean = 0, deviation = 1 } = checkOptions('rescale', options, {
    mean: listOr(finite, listOf(finite)),
    deviation: listOr(numberAbove(0), listOf(numberAbove(0))),
  });
  if (typeof mean === 'object' && typeof deviation === 'object' && mean.length !== deviation.length)
    throw new LanewiseError(
      'argument',
      `rescale: mean has ${mean.length} numbers and deviation ${deviation.length}, expected equally many`,
    );
  return defineLayer('rescale', { mean, deviation }, (_, x) => {
    const spread =
      typeof deviation === 'number'
        ? ops.scale(x!, deviation)
        : ops.multiply(x!, along(x!, 'deviation', deviation));
    const offset = typeof mean === 'number' ? ops.constant(mean, [1]) : along(spread, 'mean', mean);
    return ops.add(spread, offset);
  });
}

export const rescaleLayers: Constructors = { rescale: (settings) => rescale(settings) };
