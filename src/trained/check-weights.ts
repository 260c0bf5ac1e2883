/** Checks of trained models: their weights, their scores, and how they are run. */
import { isList, oneOf, quote, wholeFrom, type Check } from '../base/check.js';
import { checkFinite, firstNotFinite, inSamples } from '../base/check-values.js';
import type { Field } from '../data/dataset.js';
import { LanewiseError, show } from '../base/errors.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';
import { suggest } from '../base/suggest.js';

/** A number of threads; 1024 is more than any machine has use for. */
export const workerCount: Check = /* @__PURE__ */ wholeFrom(0, 1024);

/** The name of a rounding. */
export const numericsName: Check = /* @__PURE__ */ oneOf(['fused', 'strict']);

export { checkModel } from '../layers/model.js';

/** @throws LanewiseError kind 'argument' for anything but a trained model, such as a model without weights. */
export function checkTrained<T extends { readonly model: Model; readonly weights: Weights }>(
  owner: string,
  trained: T,
): T {
  const given = trained as Partial<T> | null | undefined;
  if (given?.weights instanceof Map && typeof given.model?.graph === 'function') return trained;
  if (typeof (trained as { readonly graph?: unknown } | undefined)?.graph === 'function') {
    throw new LanewiseError(
      'argument',
      `${owner}: the model is not trained`,
      'use the model that train(…) resolves to, or withWeights(model, weights)',
    );
  }
  throw new LanewiseError(
    'argument',
    `${owner}: model is ${quote(trained)}, expected a trained one`,
    given instanceof Promise
      ? 'await it'
      : given && 'history' in given
        ? 'train(…) resolves to { model, history, … }: take its model'
        : given && 'report' in given
          ? 'a quantised model only predicts: take the float model that it is made from'
          : 'train, loadModel and withWeights give trained models',
  );
}

function checkMap(weights: Weights): void {
  if (weights instanceof Map) return;
  throw new LanewiseError(
    'argument',
    `weights are ${show(weights)}, expected a Map of arrays by name`,
    'model.weights of a trained model is one; loadModel and loadPartialWeights read such models from files',
  );
}

/** @throws LanewiseError kind 'argument' unless every parameter has as many values as it needs. */
export function checkComplete(model: Model, weights: Weights): void {
  checkMap(weights);
  for (const { name, shape } of model.parameters) {
    const found = weights.get(name)?.length ?? 'none';
    if (found === sizeOf(shape)) continue;
    throw new LanewiseError(
      'argument',
      `weights of '${name}': ${found} values, expected ${sizeOf(shape)} (${showShape(shape)})`,
    );
  }
}

/** @throws LanewiseError kind 'argument' for a weight that the model lacks or that has another size. */
export function checkWeights(model: Model, weights: Weights): void {
  checkMap(weights);
  const names = model.parameters.map(({ name }) => name);
  for (const [name, values] of weights) {
    const spec = model.parameters.find((parameter) => parameter.name === name);
    if (!spec) {
      throw new LanewiseError(
        'argument',
        `weights: the model has no parameter '${name}'`,
        suggest(name, names),
      );
    }
    const count = sizeOf(spec.shape);
    if (!(values instanceof Float32Array) || values.length !== count) {
      throw new LanewiseError(
        'argument',
        `weights of '${name}': ${values instanceof Float32Array ? `${values.length} values` : show(values)}, expected a Float32Array of ${count} (${showShape(spec.shape)})`,
        isList(values) && !(values instanceof Float32Array)
          ? 'Float32Array.from(values) makes one of it'
          : undefined,
      );
    }
  }
}

/** @throws LanewiseError kind 'argument' for a weight that is NaN or infinite. */
export function checkFiniteWeights(weights: Weights): void {
  for (const [name, values] of weights)
    checkFinite(
      'argument',
      `weights of '${name}'`,
      values,
      'these weights are damaged, such as those of a run that diverged',
    );
}

/**
 * Refuses scores that are not finite, naming the parameter or the input to blame, if there is one.
 * @throws LanewiseError kind 'data' for an input, 'engine' for the rest.
 */
export function checkScores(
  scores: Float32Array,
  weights: Weights,
  inputs: Readonly<Record<string, Field>> = {},
): void {
  const wrong = firstNotFinite(scores);
  if (wrong < 0) return;
  const found = `the model's scores are ${scores[wrong]}`;
  for (const [name, values] of weights)
    checkFinite('engine', `${found}: weights of '${name}'`, values);
  for (const [name, { shape, values }] of Object.entries(inputs))
    checkFinite(
      'data',
      `${found}: input '${name}'`,
      values,
      'mend the sample, or leave it out',
      inSamples(sizeOf(shape)),
    );
  throw new LanewiseError(
    'engine',
    `${found}: its numbers grow too large, or its input's mean and deviation do not fit`,
  );
}

/** Checks for an object, given its name alone. @throws LanewiseError kind 'argument' for anything else. */
export function checkPresent(name: string, value: unknown, expected: string): void {
  if (typeof value === 'object' && value !== null) return;
  throw new LanewiseError('argument', `${name} is ${quote(value)}, expected ${expected}`);
}
