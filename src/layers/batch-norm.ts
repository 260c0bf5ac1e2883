/** Batch normalisation, in PyTorch's names and order: BatchNorm2d(features, eps, momentum). */
import { checkOptions, extent, flag, notNegative, numberFrom } from '../base/check.js';
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { constantly } from './initializer.js';
import { defineLayer, type Layer, type Scope } from './layer.js';

/** Settings of batch normalisation. */
export interface BatchNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Share of each minibatch in the running statistics, in [0, 1]; default 0.1. */
  readonly momentum?: number;
  /** Whether there are a weight and a bias; default true. */
  readonly affine?: boolean;
}

/** Makes a layer for inputs with the given numbers of `axes`, which `expected` describes. */
/* @__NO_SIDE_EFFECTS__ */
function batchNorm(kind: string, axes: readonly number[], expected: string) {
  return (features: number, options: BatchNormOptions = {}): Layer => {
    checkOptions(kind, options, { eps: notNegative, momentum: numberFrom(0, 1), affine: flag });
    const { eps = 1e-5, momentum = 0.1, affine = true } = options;
    extent(kind, 'features', features);
    const shape = [features];
    const build = (scope: Scope, input?: Tensor): Tensor => {
      const x = input!;
      if (!axes.includes(x.shape.length)) {
        throw new ShapeError(kind, `expected an input of ${expected}, found ${showShape(x.shape)}`);
      }
      const value = (name: string, initial: number) =>
        affine ? scope.parameter(name, shape, constantly(initial)) : ops.constant(initial, shape);
      const weight = value('weight', 1);
      const bias = value('bias', 0);
      const keep = (name: string, initial: number) =>
        scope.statistic(name, shape, constantly(initial), momentum);
      const mean = keep('running_mean', 0);
      const variance = keep('running_var', 1);
      const isKept = scope.isFrozen('running_mean') && scope.isFrozen('running_var');
      if (scope.mode === 'evaluation' || isKept) {
        return ops.normalize({ x, mean, variance, weight, bias }, eps);
      }
      const moments = ops.channelMoments(x);
      const y = ops.batchNorm(x, moments, weight, bias, eps);
      const m = ops.valuesPerChannel(x);
      scope.observe('running_mean', ops.row(moments, 0));
      scope.observe('running_var', ops.scale(ops.row(moments, 1), m / (m - 1)));
      return y;
    };
    return defineLayer(kind, { features, ...options, eps, momentum }, build);
  };
}

/**
 * Each channel with mean 0 and variance 1, then times weight plus bias; N×C×H×W or N×C (Ioffe & Szegedy 2015). Training
 * uses the mean and variance of each shard (Hoffer et al. 2017) and keeps running ones (with unbiased variance), which
 * evaluation normalises with, as does training if `freeze` keeps them constant. Parameters: weight and bias;
 * statistics: running_mean and running_var; one value a channel each.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export const batchNorm2d = batchNorm('batchNorm2d', [4, 2], 'N×C×H×W or N×C');

/** As `batchNorm2d`, for features N×C or sequences N×C×L. @throws LanewiseError kind 'argument' for values out of range. */
export const batchNorm1d = batchNorm('batchNorm1d', [2, 3], 'N×C or N×C×L');
