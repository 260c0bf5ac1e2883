/** The weights that a model begins with. */
import { pickNumerics } from '../engine/numerics.js';
import type { Model } from '../layers/index.js';
import { drawWeights } from '../step/initialize.js';
import type { Weights } from '../crew/session.js';

/** The weights that `train` draws with this seed. @throws LanewiseError kind 'argument' for an initialiser that does not fit. */
export const initialWeights = (model: Model, seed = 1): Promise<Weights> =>
  drawWeights(model.parameters, seed, pickNumerics());
