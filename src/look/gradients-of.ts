/** Gradients for the user to look at: of the mean loss over some samples, by parameters and inputs. */
import { pickNumerics } from '../engine/numerics.js';
import { checkOptions, listOf, natural, oneOf, text } from '../base/check.js';
import type { AnyDataset } from '../data/dataset.js';
import { takeFirst } from '../data/chosen.js';
import { samplesOf } from '../data/forms.js';
import { LanewiseError, nearest } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import type { Mode, Model } from '../layers/index.js';
import type { LossSetting } from '../losses/terms.js';
import { defaultTerms } from '../feed/check-fit.js';
import { computeGradients } from './step-gradients.js';
import type { Weights } from '../crew/session.js';
import { checkComplete, checkModel, numericsName } from '../trained/check-weights.js';

/** Options of `gradientsOf`: the loss, what it is differentiated by, and how the model runs. */
export interface GradientOptions {
  /** Default as in training. */
  readonly loss?: LossSetting;
  /** Names of parameters and inputs (after the model's mean and deviation); default all trained parameters. */
  readonly by?: readonly string[];
  /** Default `training`: batch normalisation over these samples, dropout active. */
  readonly mode?: Mode;
  /** The seed of random layers; default 1. */
  readonly seed?: number;
  readonly numerics?: Numerics;
}

/** A loss and its gradients. */
export interface Gradients {
  /** Mean over the samples, each times its weight if there are weights. */
  readonly loss: number;
  /** Gradients by name, in the shape of the parameter, or of all samples of the input. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** What is to be differentiated by what, checked; the defaults are filled in. */
export async function gradientRequest(
  owner: string,
  model: Model,
  weights: Weights,
  data: AnyDataset,
  options: GradientOptions,
) {
  const {
    loss,
    by,
    mode = 'training',
    seed = 1,
    numerics = pickNumerics(),
  } = checkOptions(owner, options, {
    loss: true,
    by: listOf(text, 0),
    mode: oneOf(['training', 'evaluation']),
    seed: natural,
    numerics: numericsName,
  });
  checkModel(model);
  const trained = model.parameters.filter(({ role }) => role === 'trained');
  const known = [
    ...model.parameters.map(({ name }) => name),
    ...Object.keys(model.architecture.inputs),
  ];
  const names = by === undefined ? trained.map(({ name }) => name) : by;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new LanewiseError(
      'argument',
      `gradient by '${unknown}', which is neither a parameter nor an input of the model`,
      nearest(unknown, known),
    );
  }
  checkComplete(model, weights);
  const given = samplesOf(data);
  const samples = given.source ? await takeFirst(given, given.count) : given;
  const terms = defaultTerms(model, samples, loss);
  return { samples, terms, request: { by: names, mode, seed, numerics } };
}

/**
 * The mean loss of all samples of `data`, as one shard in the calling thread, and its gradients.
 * @throws LanewiseError kind 'argument' for names that are neither parameters nor inputs, weights that do not fit, and
 * values that the loss does not depend on; kind 'data' if data and model do not fit.
 */
export async function gradientsOf(
  model: Model,
  weights: Weights,
  data: AnyDataset,
  options: GradientOptions = {},
): Promise<Gradients> {
  const asked = await gradientRequest('gradientsOf', model, weights, data, options);
  return computeGradients(model, weights, asked.samples, asked.terms, asked.request);
}
