/** Layers that reduce axes to one value: sum, mean and maximum. Axis 0, the samples, is never reduced. */
import { checkOptions, flag, listOf, listOr } from '../base/check.js';
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { defineLayer, type Build, type Constructors, type Layer } from './layer.js';
import { axisOfSample } from './shapes.js';

/** Settings of `sum`, `mean` and `max`. */
export interface ReductionOptions {
  /** Whether reduced axes stay with extent 1; default false: they are removed. */
  readonly keepDims?: boolean;
}

type Axes = number | readonly number[];

/* @__NO_SIDE_EFFECTS__ */
function reduction(
  kind: string,
  op: (x: Tensor, axes: Axes, keepDims: boolean) => Tensor,
  ofSteps?: (x: Tensor, lengths: Tensor, keepDims: boolean) => Tensor,
) {
  return (axes: Axes, options: ReductionOptions = {}): Layer => {
    checkOptions(kind, options, { keepDims: flag });
    const { keepDims = false } = options;
    listOr(axisOfSample, listOf(axisOfSample))(kind, 'axis', axes);
    const build: Build = (_, input, lengths) => {
      const x = input!;
      if ([axes].flat().includes(-x.shape.length))
        throw new ShapeError(
          kind,
          `axis ${-x.shape.length} of ${showShape(x.shape)} is that of the samples`,
        );
      if (!lengths) return op(x, axes, keepDims);
      ops.checkLengths(kind, x, lengths);
      if ([axes].flat().join() !== '1' && [axes].flat().join() !== '-2')
        throw new ShapeError(
          kind,
          `axes ${[axes].flat().join(', ')} and lengths, expected axis 1, the steps`,
        );
      return ofSteps!(x, lengths, keepDims);
    };
    return defineLayer(kind, { axes, keepDims }, build, [1, ofSteps ? 2 : 1]);
  };
}

/** Σ x over one or more axes: `sum(1)`, `sum([2, 3], { keepDims: true })`; `sum(1)(x, lengths)` over a sequence's own steps. */
export const sum = reduction('sum', ops.sum, (x, lengths, keepDims) =>
  ops.sum(ops.ownSteps(x, lengths), 1, keepDims),
);
/** The mean over one or more axes, `mean(1)(x, lengths)` over a sequence's own steps; see `sum`. */
export const mean = reduction('mean', ops.mean, ops.meanOfSteps);
/** The maximum over one or more axes, see `sum`; the first of equal values gets the gradient, as in `torch.max(x, dim)`. */
export const max = reduction('max', ops.max);

export const reductionLayers: Constructors = {
  max: ({ axes, ...options }) => max(axes, options),
  mean: ({ axes, ...options }) => mean(axes, options),
  sum: ({ axes, ...options }) => sum(axes, options),
};
