/** The dense layer, in PyTorch's names and order: Linear(in, out, bias). */
import { checkOptions, extent, flag } from '../base/check.js';
import * as ops from '../ops/index.js';
import { fanInUniform, INITS, initSettings, type InitOptions } from './initializer.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/**
 * y = x·wᵀ + b for n×inFeatures. Parameters: weight outFeatures×inFeatures, bias outFeatures.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers in range.
 */
export function linear(
  inFeatures: number,
  outFeatures: number,
  options: { readonly bias?: boolean } & InitOptions = {},
): Layer {
  checkOptions('linear', options, { bias: flag, ...INITS });
  const { bias = true, ...inits } = options;
  extent('linear', 'inFeatures', inFeatures);
  extent('linear', 'outFeatures', outFeatures);
  const settings = { inFeatures, outFeatures, bias, ...initSettings(inits) };
  return defineLayer('linear', settings, (scope, x) => {
    const usual = fanInUniform(inFeatures);
    const { weightInit = usual, biasInit = usual } = inits;
    const w = scope.parameter('weight', [outFeatures, inFeatures], weightInit);
    return ops.linear(x!, w, bias ? scope.parameter('bias', [outFeatures], biasInit) : null);
  });
}

export const denseLayers: Constructors = {
  linear: ({ inFeatures, outFeatures, ...options }) => linear(inFeatures, outFeatures, options),
};
