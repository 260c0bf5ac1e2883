/** Normalisation within each sample, in PyTorch's names: LayerNorm, RMSNorm, GroupNorm, InstanceNorm2d, LocalResponseNorm. */
import { checkOptions, extent, flag, listOf, listOr, notNegative } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { ShapeError } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { batchNorm1d, batchNorm2d } from './batch-norm.js';
import { constantly } from './initializer.js';
import { defineLayer, type Constructors, type Layer, type Scope } from './layer.js';

/** Settings of layer, group and instance normalisation. */
export interface NormOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Whether there are a weight and a bias. */
  readonly affine?: boolean;
}

/** Weight and bias, at first ones and zeros, or neither. */
const affineOf = (scope: Scope, affine: boolean, shape: Shape) =>
  [
    affine ? scope.parameter('weight', shape, constantly(1)) : null,
    affine ? scope.parameter('bias', shape, constantly(0)) : null,
  ] as const;

/** Checks the number of channels, which nothing else would notice without weight and bias. */
function checkChannels(kind: string, x: Tensor, channels: number, expected: string): void {
  if (x.shape[1] === channels) return;
  throw new ShapeError(kind, `expected an input of ${expected}, found ${showShape(x.shape)}`);
}

/** One extent, or a list of them. @throws LanewiseError kind 'argument' for anything else. */
function lastAxes(kind: string, normalizedShape: number | readonly number[]): Shape {
  listOr(extent, listOf(extent))(kind, 'normalizedShape', normalizedShape);
  return Array.isArray(normalizedShape) ? normalizedShape : [normalizedShape as number];
}

/**
 * Each run of the last axes with mean 0 and variance 1, then times weight plus bias (Ba, Kiros & Hinton 2016).
 * `normalizedShape` is the last axis' extent, or a list of the last axes'; `elementwiseAffine` defaults to true.
 * Parameters: weight and bias of that shape.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function layerNorm(
  normalizedShape: number | readonly number[],
  options: Omit<NormOptions, 'affine'> & { readonly elementwiseAffine?: boolean } = {},
): Layer {
  const kind = 'layerNorm';
  checkOptions(kind, options, { eps: notNegative, elementwiseAffine: flag });
  const { eps = 1e-5, elementwiseAffine = true } = options;
  const shape = lastAxes(kind, normalizedShape);
  return defineLayer(kind, { normalizedShape, ...options }, (scope, x) =>
    ops.layerNorm(x!, shape, ...affineOf(scope, elementwiseAffine, shape), eps),
  );
}

/** Settings of `rmsNorm`. */
export interface RmsNormOptions {
  /** Added to the mean square; default 2⁻²³, PyTorch's. */
  readonly eps?: number;
  /** Whether there is a weight; default true. */
  readonly elementwiseAffine?: boolean;
}

/**
 * Each run of the last axes divided by its root mean square, then times weight (Zhang & Sennrich 2019).
 * `normalizedShape` is the last axis' extent, or a list of the last axes'. Parameter: weight of that shape.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function rmsNorm(
  normalizedShape: number | readonly number[],
  options: RmsNormOptions = {},
): Layer {
  const kind = 'rmsNorm';
  checkOptions(kind, options, { eps: notNegative, elementwiseAffine: flag });
  const { eps = 2 ** -23, elementwiseAffine = true } = options;
  const shape = lastAxes(kind, normalizedShape);
  return defineLayer(kind, { normalizedShape, ...options }, (scope, x) => {
    const weight = elementwiseAffine ? scope.parameter('weight', shape, constantly(1)) : null;
    return ops.rmsNorm(x!, shape, weight, eps);
  });
}

/**
 * Each sample's `groups` groups of channels with mean 0 and variance 1, then times weight plus bias (Wu & He 2018);
 * N×channels×…; `affine` defaults to true. Parameters: weight and bias, one value per channel each.
 * @throws LanewiseError kind 'argument' if the groups do not divide the channels, or for values out of range.
 */
export function groupNorm(groups: number, channels: number, options: NormOptions = {}): Layer {
  const kind = 'groupNorm';
  checkOptions(kind, options, { eps: notNegative, affine: flag });
  const { eps = 1e-5, affine = true } = options;
  extent(kind, 'groups', groups);
  extent(kind, 'channels', channels);
  if (channels % groups !== 0) {
    throw new LanewiseError(
      'argument',
      `${kind}: ${groups} groups do not divide ${channels} channels`,
    );
  }
  return defineLayer(kind, { groups, channels, ...options }, (scope, x) => {
    checkChannels(kind, x!, channels, `N×${channels} or N×${channels}×…`);
    return ops.groupNorm(x!, groups, ...affineOf(scope, affine, [channels]), eps);
  });
}

/**
 * Each channel of each sample with mean 0 and variance 1 (Ulyanov et al. 2016), in training and evaluation alike;
 * N×features×H×W. `affine` defaults to false, as in PyTorch; with it, parameters are weight and bias, one value per
 * channel each.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function instanceNorm2d(features: number, options: NormOptions = {}): Layer {
  const kind = 'instanceNorm2d';
  checkOptions(kind, options, { eps: notNegative, affine: flag });
  const { eps = 1e-5, affine = false } = options;
  extent(kind, 'features', features);
  return defineLayer(kind, { features, ...options }, (scope, x) => {
    checkChannels(kind, x!, features, `N×${features}×H×W`);
    return ops.instanceNorm(x!, ...affineOf(scope, affine, [features]), eps);
  });
}

/** Settings of `localResponseNorm`. */
export interface LocalResponseNormOptions {
  /** Weight of the mean of squares, as in PyTorch: the paper's times the size; default 1e-4. */
  readonly alpha?: number;
  /** Exponent; default 0.75. */
  readonly beta?: number;
  /** Added to the weighted mean; default 1. */
  readonly k?: number;
}

/**
 * Each value divided by a power of the squares in the `size` channels around it (Krizhevsky et al. 2012, §3.3). AlexNet
 * uses `localResponseNorm(5, { alpha: 5e-4, k: 2 })`; see ops/local-response-norm.ts.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function localResponseNorm(size: number, options: LocalResponseNormOptions = {}): Layer {
  const kind = 'localResponseNorm';
  checkOptions(kind, options, { alpha: notNegative, beta: notNegative, k: notNegative });
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  extent(kind, 'size', size);
  return defineLayer(kind, { size, ...options }, (_, x) =>
    ops.localResponseNorm(x!, { size, alpha, beta, k }),
  );
}

export const normalizationLayers: Constructors = {
  batchNorm1d: ({ features, ...options }) => batchNorm1d(features, options),
  batchNorm2d: ({ features, ...options }) => batchNorm2d(features, options),
  groupNorm: ({ groups, channels, ...options }) => groupNorm(groups, channels, options),
  instanceNorm2d: ({ features, ...options }) => instanceNorm2d(features, options),
  layerNorm: ({ normalizedShape, ...options }) => layerNorm(normalizedShape, options),
  localResponseNorm: ({ size, ...options }) => localResponseNorm(size, options),
  rmsNorm: ({ normalizedShape, ...options }) => rmsNorm(normalizedShape, options),
};
