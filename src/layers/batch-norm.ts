/** Batch normalisation, in PyTorch's names and order: BatchNorm2d(features, eps, momentum). */
import { LanewiseError } from '../errors.js';
import * as ops from '../ops/index.js';
import { constantly } from './initializer.js';
import { checkInteger, defineLayer, type Constructors, type Layer } from './layer.js';

export interface BatchNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Share of each minibatch in the running statistics, in [0, 1]; default 0.1. */
  readonly momentum?: number;
}

/**
 * Each channel with mean 0 and variance 1, then times weight plus bias; N×C×H×W or N×C (Ioffe & Szegedy 2015).
 * Training takes mean and variance of each shard (Hoffer et al. 2017), and keeps running ones, the variance
 * unbiased, with which everything else normalises.
 * Parameters: weight and bias; statistics: running_mean and running_var; one value a channel each.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function batchNorm2d(
  features: number,
  { eps = 1e-5, momentum = 0.1 }: BatchNormOptions = {},
): Layer {
  checkInteger('batchNorm2d', 'features', features, 1);
  checkNumber('eps', eps, Number.MAX_VALUE);
  checkNumber('momentum', momentum, 1);
  return defineLayer('batchNorm2d', { features, eps, momentum }, (scope, input) => {
    const x = input!;
    const shape = [features];
    const weight = scope.parameter('weight', shape, constantly(1));
    const bias = scope.parameter('bias', shape, constantly(0));
    const keep = (name: string, initial: number) =>
      scope.statistic(name, shape, constantly(initial), momentum);
    const mean = keep('running_mean', 0);
    const variance = keep('running_var', 1);
    if (scope.mode === 'evaluation') {
      return ops.normalize({ x, mean, variance, weight, bias }, eps);
    }
    const moments = ops.channelMoments(x);
    const y = ops.batchNorm(x, moments, weight, bias, eps);
    const m = ops.valuesPerChannel(x);
    scope.observe('running_mean', ops.row(moments, 0));
    scope.observe('running_var', ops.scale(ops.row(moments, 1), m / (m - 1)));
    return y;
  });
}

export const normalizationLayers: Constructors = {
  batchNorm2d: ({ features, ...options }) => batchNorm2d(features, options),
};

function checkNumber(name: string, value: unknown, most: number): void {
  if (typeof value === 'number' && value >= 0 && value <= most) return;
  const range = most === 1 ? 'a number in [0, 1]' : 'a finite number of at least 0';
  throw new LanewiseError(
    'argument',
    `batchNorm2d: ${name} is ${String(value)}, expected ${range}`,
  );
}
