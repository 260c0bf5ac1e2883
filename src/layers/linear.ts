/** The dense layer, in PyTorch's names and order: Linear(in, out, bias). */
import * as ops from '../ops/index.js';
import { fanInUniform } from './initializer.js';
import { checkInteger, defineLayer, type Constructors, type Layer } from './layer.js';

/**
 * y = x·wᵀ + b of n×inFeatures. Parameters: weight outFeatures×inFeatures, bias outFeatures.
 * @throws LanewiseError kind 'argument' for extents that are no whole numbers in range.
 */
export function linear(
  inFeatures: number,
  outFeatures: number,
  { bias = true }: { readonly bias?: boolean } = {},
): Layer {
  checkInteger('linear', 'inFeatures', inFeatures, 1);
  checkInteger('linear', 'outFeatures', outFeatures, 1);
  return defineLayer('linear', { inFeatures, outFeatures, bias }, (scope, x) => {
    const init = fanInUniform(inFeatures);
    const w = scope.parameter('weight', [outFeatures, inFeatures], init);
    return ops.linear(x!, w, bias ? scope.parameter('bias', [outFeatures], init) : null);
  });
}

export const denseLayers: Constructors = {
  linear: ({ inFeatures, outFeatures, ...options }) => linear(inFeatures, outFeatures, options),
};
