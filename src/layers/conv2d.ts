/** The convolutional layer, in PyTorch's names and order: Conv2d(in, out, kernel, stride, padding, bias). */
import * as ops from '../ops/index.js';
import { fanInUniform, initSettings, type InitOptions } from './initializer.js';
import {
  checkChoice,
  checkInteger,
  checkPair,
  defineLayer,
  type Constructors,
  type Layer,
} from './layer.js';

export interface Conv2dOptions extends InitOptions {
  /** One number or [vertical, horizontal]; default 1. */
  readonly stride?: number | readonly [number, number];
  /** Zeros around the image; one number or [vertical, horizontal]; default 0. */
  readonly padding?: number | readonly [number, number];
  /** Default true. */
  readonly bias?: boolean;
  /**
   * `auto` (default) uses Winograd's algorithm for 3×3 filters of stride 1 where that is faster; `direct`
   * never does: half to a fifth of the rounding error at a third of the speed (docs/winograd.md).
   */
  readonly algorithm?: ops.Algorithm;
}

/**
 * Cross-correlation of N×inChannels×H×W images with outChannels filters; see ops/conv2d.ts.
 * Parameters: weight outChannels×inChannels×kh×kw, bias outChannels.
 * @throws LanewiseError kind 'argument' for extents that are no whole numbers in range.
 */
export function conv2d(
  inChannels: number,
  outChannels: number,
  kernelSize: number | readonly [number, number],
  { stride = 1, padding = 0, bias = true, algorithm = 'auto', ...inits }: Conv2dOptions = {},
): Layer {
  checkInteger('conv2d', 'inChannels', inChannels, 1);
  checkInteger('conv2d', 'outChannels', outChannels, 1);
  const [kh, kw] = checkPair('conv2d', 'kernelSize', kernelSize, 1);
  const attributes = {
    stride: checkPair('conv2d', 'stride', stride, 1),
    padding: checkPair('conv2d', 'padding', padding, 0),
    algorithm: checkChoice('conv2d', 'algorithm', algorithm, ['auto', 'direct'] as const),
  };
  const settings = {
    inChannels,
    outChannels,
    kernelSize,
    stride,
    padding,
    bias,
    ...(algorithm === 'auto' ? {} : { algorithm }),
    ...initSettings('conv2d', inits),
  };
  return defineLayer('conv2d', settings, (scope, x) => {
    const usual = fanInUniform(inChannels * kh * kw);
    const { weightInit = usual, biasInit = usual } = inits;
    const w = scope.parameter('weight', [outChannels, inChannels, kh, kw], weightInit);
    const b = bias ? scope.parameter('bias', [outChannels], biasInit) : null;
    return ops.conv2d(x!, w, b, attributes);
  });
}

export const convolutionLayers: Constructors = {
  conv2d: ({ inChannels, outChannels, kernelSize, ...options }) =>
    conv2d(inChannels, outChannels, kernelSize, options),
};
