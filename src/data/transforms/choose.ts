/** Transforms that apply others at random: to some samples, or one of several to each. */
import { list, listOf } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import { showShape } from '../../graph/tensor.js';
import { planNested } from './chain.js';
import { probability } from './check-transforms.js';
import { make } from './make.js';
import type { ImageShape, Kind, Transform } from './transform.js';

/** All of `transforms` with probability `p`, else none; they keep the shape. @throws LanewiseError kind 'argument' unless p is from 0 to 1. */
export function randomApply(transforms: readonly Transform[], p = 0.5): Transform {
  list('randomApply', 'transforms', transforms);
  probability('randomApply', 'p', p);
  return make('randomApply', randomApplyKind, { transforms, p });
}

/**
 * One of the lists for each sample, all equally likely; all give the same shape.
 * @throws LanewiseError kind 'argument' for an empty list.
 */
export function oneOf(lists: readonly (readonly Transform[])[]): Transform {
  listOf(list)('oneOf', 'lists', lists);
  return make('oneOf', oneOfKind, { lists });
}

interface RandomApplySettings {
  readonly transforms: readonly Transform[];
  readonly p: number;
}

export const randomApplyKind: Kind<RandomApplySettings> = {
  // Random changes are augmentation; models are given unaugmented samples.
  keepsPixels: true,
  shape({ transforms }, shape) {
    const after = planNested(transforms, shape, 0).shape;
    if (showShape(after) === showShape(shape)) return shape;
    throw new LanewiseError(
      'data',
      `randomApply makes ${showShape(after)} of samples of ${showShape(shape)}, expected transforms that keep the shape`,
    );
  },
  largest: ({ transforms }, shape) => planNested(transforms, shape, 0).largest,
  scratch: ({ transforms }, shape) => planNested(transforms, shape, 0).scratch,
  prepare({ transforms, p }, shape, bench, stream) {
    const apply = planNested(transforms, shape, stream).prepare(bench);
    return (from, to, draw) => {
      draw.begin(stream);
      return draw.uniform() < p ? apply(from, to, draw) : from;
    };
  },
};

interface OneOfSettings {
  readonly lists: readonly (readonly Transform[])[];
}

const planAll = ({ lists }: OneOfSettings, shape: ImageShape, stream = 0) =>
  lists.map((list) => planNested(list, shape, stream));

export const oneOfKind: Kind<OneOfSettings> = {
  keepsPixels: true,
  shape(settings, shape) {
    const shapes = planAll(settings, shape).map((list) => list.shape);
    const other = shapes.find((after) => showShape(after) !== showShape(shapes[0]!));
    if (!other) return shapes[0]!;
    throw new LanewiseError(
      'data',
      `oneOf makes ${showShape(shapes[0]!)} or ${showShape(other)} of samples of ${showShape(shape)}, expected one shape`,
    );
  },
  largest: (settings, shape) => Math.max(...planAll(settings, shape).map(({ largest }) => largest)),
  scratch: (settings, shape) =>
    planAll(settings, shape).reduce((sum, { scratch }) => sum + scratch, 0),
  prepare(settings, shape, bench, stream) {
    let { at } = bench;
    const applies = planAll(settings, shape, stream).map(({ scratch, prepare }) => {
      const apply = prepare({ ...bench, at });
      at += scratch * 4;
      return apply;
    });
    return (from, to, draw) => {
      draw.begin(stream);
      return applies[draw.integer(applies.length)]!(from, to, draw);
    };
  },
};
