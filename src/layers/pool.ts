/** Pooling layers, with PyTorch's names and order: AvgPool2d(kernel, stride, padding). */
import {
  checkOptions,
  extent,
  flag,
  natural,
  oneOrTwo,
  pairOf,
  type Check,
} from '../base/check.js';
import * as ops from '../ops/index.js';
import type { Tensor } from '../graph/tensor.js';
import { constantly } from './initializer.js';
import { defineLayer, plain, type Constructors, type Layer } from './layer.js';

/** One number or [vertical, horizontal]. */
type Extent = number | Pair;
type Pair = readonly [number, number];

/** Settings of layers with windows; `Size` is Extent in two dimensions and number in one. */
export interface PoolOptions<Size = Extent> {
  /** Default: the kernel's size. */
  readonly stride?: Size;
  /** Padding, at most half of the kernel: it counts as zeros in a mean and not at all in a maximum; default 0. */
  readonly padding?: Size;
  /** Whether a last window may extend beyond the padding, if it begins before its end; default false. */
  readonly ceilMode?: boolean;
}

/** Settings of average pooling. */
export interface AvgPoolOptions<Size = Extent> extends PoolOptions<Size> {
  /** Whether a mean counts the padding's zeros; default true. */
  readonly countIncludePad?: boolean;
}

/**
 * Makes layers of windows; `sizeOf` checks their sizes, and `read` passes them to the op. Settings are kept as given,
 * without defaults: a file holds the constructor's arguments.
 */
/* @__NO_SIDE_EFFECTS__ */
function pool<Size, Checked>(
  kind: string,
  sizeOf: (check: Check) => Check,
  read: (size: Size) => Checked,
  op: (x: Tensor, attributes: Window<Checked>) => Tensor,
) {
  return (kernelSize: Size, options: AvgPoolOptions<Size> = {}): Layer => {
    checkOptions(kind, options, {
      stride: sizeOf(extent),
      padding: sizeOf(natural),
      ceilMode: flag,
      countIncludePad: flag,
    });
    sizeOf(extent)(kind, 'kernelSize', kernelSize);
    const {
      stride = kernelSize,
      padding = 0 as Size,
      ceilMode = false,
      countIncludePad = true,
    } = options;
    const attributes = {
      kernel: read(kernelSize),
      stride: read(stride),
      padding: read(padding),
      ceilMode,
      countIncludePad,
    };
    return defineLayer(kind, { kernelSize, ...options, stride }, (_, x) => op(x!, attributes));
  };
}

/** The attributes of a pooling op. */
type Window<Size> = Required<AvgPoolOptions<Size>> & { readonly kernel: Size };

/** Mean over windows. */
export const avgPool2d = pool<Extent, Pair>('avgPool2d', oneOrTwo, pairOf, ops.avgPool2d);

/** Maximum over windows. */
export const maxPool2d: (kernelSize: Extent, options?: PoolOptions) => Layer = pool<Extent, Pair>(
  'maxPool2d',
  oneOrTwo,
  pairOf,
  ops.maxPool2d,
);

/** In one dimension, sizes are numbers and checked as such. */
const itself = <T>(value: T): T => value;

/** Mean over windows of N×C×L. */
export const avgPool1d = pool<number, number>('avgPool1d', itself, itself, ops.avgPool1d);

/** Maximum over windows of N×C×L. */
export const maxPool1d: (kernelSize: number, options?: PoolOptions<number>) => Layer = pool<
  number,
  number
>('maxPool1d', itself, itself, ops.maxPool1d);

/* @__NO_SIDE_EFFECTS__ */
const adaptive =
  (kind: string, op: typeof ops.adaptiveAvgPool2d) =>
  (outputSize: Extent): Layer => {
    oneOrTwo(extent)(kind, 'outputSize', outputSize);
    const size = pairOf(outputSize);
    return defineLayer(kind, { outputSize }, (_, x) => op(x!, size));
  };

/** Mean over windows that give images of `outputSize`, for inputs of any size. */
export const adaptiveAvgPool2d = adaptive('adaptiveAvgPool2d', ops.adaptiveAvgPool2d);

/** Maximum over windows that give images of `outputSize`, for inputs of any size. */
export const adaptiveMaxPool2d = adaptive('adaptiveMaxPool2d', ops.adaptiveMaxPool2d);

/** Mean over each whole plane: N×C×H×W to N×C. */
export const globalAvgPool2d = plain('globalAvgPool2d', ops.globalAvgPool2d);
/** Maximum of each whole plane: N×C×H×W to N×C. */
export const globalMaxPool2d = plain('globalMaxPool2d', ops.globalMaxPool2d);
/** Mean over each whole sequence: N×C×L to N×C. */
export const globalAvgPool1d = plain('globalAvgPool1d', ops.globalAvgPool1d);
/** Maximum of each whole sequence: N×C×L to N×C. */
export const globalMaxPool1d = plain('globalMaxPool1d', ops.globalMaxPool1d);

/**
 * Trainable subsampling (LeCun et al. 1998, §II.B): the sum over each window, times its channel's weight, plus its
 * channel's bias; the stride defaults to the kernel's size. Initially it is the mean. Parameters: weight and bias, one
 * value per channel each.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers in range.
 */
export function subsampling2d(
  channels: number,
  kernelSize: Extent,
  options: { readonly stride?: Extent } = {},
): Layer {
  const kind = 'subsampling2d';
  checkOptions(kind, options, { stride: oneOrTwo(extent) });
  const { stride = kernelSize } = options;
  extent(kind, 'channels', channels);
  oneOrTwo(extent)(kind, 'kernelSize', kernelSize);
  const kernel = pairOf(kernelSize);
  const attributes = { kernel, stride: pairOf(stride) };
  return defineLayer(kind, { channels, kernelSize, stride }, (scope, x) => {
    const weight = scope.parameter('weight', [channels], constantly(1 / (kernel[0] * kernel[1])));
    const bias = scope.parameter('bias', [channels], constantly(0));
    return ops.subsampling2d(x!, weight, bias, attributes);
  });
}

export const poolingLayers: Constructors = {
  adaptiveAvgPool2d: ({ outputSize }) => adaptiveAvgPool2d(outputSize),
  adaptiveMaxPool2d: ({ outputSize }) => adaptiveMaxPool2d(outputSize),
  avgPool1d: ({ kernelSize, ...options }) => avgPool1d(kernelSize, options),
  avgPool2d: ({ kernelSize, ...options }) => avgPool2d(kernelSize, options),
  globalAvgPool1d,
  globalAvgPool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  maxPool1d: ({ kernelSize, ...options }) => maxPool1d(kernelSize, options),
  maxPool2d: ({ kernelSize, ...options }) => maxPool2d(kernelSize, options),
  subsampling2d: ({ channels, kernelSize, ...options }) =>
    subsampling2d(channels, kernelSize, options),
};
