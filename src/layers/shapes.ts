/** Layers that rearrange elements, with PyTorch's numbers for axes; axis 0, the samples, always stays. */
import {
  checkOptions,
  extent,
  finite,
  listOf,
  natural,
  refuse,
  whole,
  type Check,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { ShapeError } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { defineLayer, direct, plain, type Constructors, type Layer } from './layer.js';

/** A layer sees a shard of the minibatch, so its result must not depend on the number of samples. */
export const axisOfSample: Check = (layer, name, value) => {
  whole(layer, name, value);
  if (value === 0)
    throw new LanewiseError('argument', `${layer}: ${name} is 0, the axis of the samples`);
};

/** Checks an axis of x, whose rank decides whether a negative axis is that of the samples. */
function checkReach(layer: string, x: Tensor, axis: number): void {
  if (axis !== -x.shape.length) return;
  throw new ShapeError(layer, `axis ${axis} of ${showShape(x.shape)} is that of the samples`);
}

/** Inputs joined along `axis`, default 1 (channels, features): `concat(a, b)`, or `concat({ axis: 2 })(a, b)`. */
export const concat = direct((options: { readonly axis?: number } = {}) => {
  checkOptions('concat', options, { axis: axisOfSample });
  const { axis = 1 } = options;
  return defineLayer(
    'concat',
    { axis },
    (_, ...xs) => {
      checkReach('concat', xs[0]!, axis);
      return ops.concat(xs, axis);
    },
    [1, Infinity],
  );
});

const extentOrRest: Check = (owner, name, value) => {
  if (value !== -1) extent(owner, name, value);
};

/** N×… to N×shape; one extent may be −1, which takes the rest. */
export function reshape(shape: Shape): Layer {
  listOf(extentOrRest, 0)('reshape', 'shape', shape);
  return defineLayer('reshape', { shape }, (_, x) => ops.reshape(x!, [x!.shape[0]!, ...shape]));
}

/** Axis k of the result is axis dims[k] of the input; dims[0] is 0. */
export function permute(dims: readonly number[]): Layer {
  listOf(natural)('permute', 'dims', dims);
  if (dims[0] !== 0)
    refuse('permute', 'dims', dims, 'a list that begins with 0, the axis of the samples');
  return defineLayer('permute', { dims }, (_, x) => ops.permute(x!, dims));
}

/** Exchanges two axes, neither of them that of the samples. */
export function transpose(dim0: number, dim1: number): Layer {
  axisOfSample('transpose', 'dim0', dim0);
  axisOfSample('transpose', 'dim1', dim1);
  return defineLayer('transpose', { dim0, dim1 }, (_, x) => {
    for (const axis of [dim0, dim1]) checkReach('transpose', x!, axis);
    return ops.transpose(x!, dim0, dim1);
  });
}

/** Elements of one axis from `start` up to, but not including, `stop`; negative ones count from the end. */
export function slice(axis: number, start: number, stop?: number): Layer {
  extent('slice', 'axis', axis);
  whole('slice', 'start', start);
  if (stop !== undefined) whole('slice', 'stop', stop);
  const settings = { axis, start, ...(stop === undefined ? {} : { stop }) };
  return defineLayer('slice', settings, (_, x) => {
    const { shape } = x!;
    if (axis >= shape.length)
      throw new ShapeError('slice', `${showShape(shape)} has no axis ${axis}`);
    return ops.slice(x!, [
      ...Array.from({ length: axis }, (): ops.Range => []),
      stop === undefined ? [start] : [start, stop],
    ]);
  });
}

/** `widths` = [before, after] elements of `value` for each axis except that of the samples. */
export function pad(
  widths: readonly (readonly [before: number, after: number])[],
  options: { readonly value?: number } = {},
): Layer {
  checkOptions('pad', options, { value: finite });
  const { value = 0 } = options;
  listOf(listOf(natural, 2, 2), 0)('pad', 'widths', widths);
  return defineLayer('pad', { widths, value }, (_, x) =>
    ops.pad(x!, [[0, 0] as const, ...widths], value),
  );
}

/** x, treated as a constant in differentiation. */
export const stopGradient = plain('stopGradient', ops.stopGradient);

export const shapeLayers: Constructors = {
  concat,
  pad: ({ widths, ...options }) => pad(widths, options),
  permute: ({ dims }) => permute(dims),
  reshape: ({ shape }) => reshape(shape),
  slice: ({ axis, start, stop }) => slice(axis, start, stop),
  stopGradient,
  transpose: ({ dim0, dim1 }) => transpose(dim0, dim1),
};
