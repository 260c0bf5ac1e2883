/** The weights that a model begins with. */
import { pickNumerics } from '../engine/numerics.js';
import { checkOptions, natural } from '../base/check.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { drawWeights } from '../step/initialize.js';
import type { Weights } from '../crew/session.js';
import { checkModel, numericsName } from './check-weights.js';

/** Options of `initialWeights`. */
export interface InitialOptions {
  /** Default 1, as in training. */
  readonly seed?: number;
  /** Orthonormal weights are computed in this rounding. */
  readonly numerics?: Numerics;
}

/**
 * The weights that `train` draws for a model, and `createStepper`, with the same seed and numerics.
 * @throws LanewiseError kind 'argument' for an initialiser that does not fit its shape.
 */
export async function initialWeights(model: Model, options: InitialOptions = {}): Promise<Weights> {
  checkModel(model);
  const { seed = 1, numerics = pickNumerics() } = checkOptions('initialWeights', options, {
    seed: natural,
    numerics: numericsName,
  });
  return drawWeights(model.parameters, seed, numerics);
}
