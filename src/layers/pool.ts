/** Pooling layers, in PyTorch's names and order: AvgPool2d(kernel, stride). */
import * as ops from '../ops/index.js';
import type { PoolAttributes } from '../ops/pool2d.js';
import type { Tensor } from '../graph/tensor.js';
import { checkPair, defineLayer, plain, type Constructors, type Layer } from './layer.js';

type Extent = number | readonly [number, number];

const pool =
  (kind: string, op: (x: Tensor, attributes: PoolAttributes) => Tensor) =>
  (kernelSize: Extent, { stride = kernelSize }: { readonly stride?: Extent } = {}): Layer => {
    const attributes = {
      kernel: checkPair(kind, 'kernelSize', kernelSize, 1),
      stride: checkPair(kind, 'stride', stride, 1),
    };
    return defineLayer(kind, { kernelSize, stride }, (_, x) => op(x!, attributes));
  };

/** Mean over windows; the stride defaults to the kernel's size. */
export const avgPool2d = pool('avgPool2d', ops.avgPool2d);

/** Maximum over windows; the stride defaults to the kernel's size. */
export const maxPool2d = pool('maxPool2d', ops.maxPool2d);

/** Mean over each whole plane: N×C×H×W to N×C. */
export const globalAvgPool2d = plain('globalAvgPool2d', ops.globalAvgPool2d);

export const poolingLayers: Constructors = {
  avgPool2d: ({ kernelSize, ...options }) => avgPool2d(kernelSize, options),
  globalAvgPool2d,
  maxPool2d: ({ kernelSize, ...options }) => maxPool2d(kernelSize, options),
};
