/** Checks of what a user gives to training, each with the words of its refusal. */
import { firstNotFinite } from '../data/finite.js';
import { numberAbove, quote } from '../check.js';
import { LanewiseError, nearest, show } from '../errors.js';
import type { Numerics } from '../engine/features.js';
import { pickNumerics } from '../engine/numerics.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { machineParallelism } from '#platform/threads';
import type { Weights } from '../parallel/session.js';

/** Threads beyond this are a mistake, not a machine. */
export const MAX_WORKERS = 1024;

export { checkModel } from '../layers/model.js';

/** @throws LanewiseError kind 'argument' for what is no trained model, such as one without weights. */
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
    `${owner}: model is ${show(trained)}, expected a trained one`,
    given instanceof Promise
      ? 'await it'
      : given && 'history' in given
        ? 'train(…) resolves to { model, history, … }: take its model'
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
        nearest(name, names),
      );
    }
    const count = sizeOf(spec.shape);
    if (!(values instanceof Float32Array) || values.length !== count) {
      throw new LanewiseError(
        'argument',
        `weights of '${name}': ${values instanceof Float32Array ? `${values.length} values` : show(values)}, expected ${count} (${showShape(spec.shape)})`,
      );
    }
  }
}

/** @throws LanewiseError kind 'argument' for a weight that is NaN or infinite. */
export function checkFinite(weights: Weights): void {
  for (const [name, values] of weights) {
    const wrong = firstNotFinite(values);
    if (wrong < 0) continue;
    throw new LanewiseError(
      'argument',
      `weights of '${name}': ${values[wrong]} at ${wrong}, expected finite numbers`,
      'these weights are damaged, such as those of a run that diverged',
    );
  }
}

export function checkFreeze(freeze: readonly string[]): readonly string[] {
  if (Array.isArray(freeze)) return freeze;
  throw new LanewiseError('argument', `freeze is ${String(freeze)}, expected a list of names`);
}

export function checkBound(name: string, value: number | undefined): void {
  if (value !== undefined) numberAbove(0)('train', name, value);
}

export function checkPresent(name: string, value: unknown, expected: string): void {
  if (typeof value === 'object' && value !== null) return;
  throw new LanewiseError('argument', `${name} is ${show(value)}, expected ${expected}`);
}

export const resolveWorkers = (workers: number = machineParallelism()): number =>
  checkWhole('workers', workers, 0, MAX_WORKERS);

export const resolveNumerics = (numerics: Numerics = pickNumerics()): Numerics =>
  checkName('numerics', numerics, ['fused', 'strict']) as Numerics;

export function checkWhole(name: string, value: number, least: number, most?: number): number {
  const bound = most ?? Number.MAX_SAFE_INTEGER;
  if (Number.isInteger(value) && value >= least && value <= bound) return value;
  const isAbove = value > bound;
  const range =
    most === undefined && !isAbove ? `of at least ${least}` : `from ${least} to ${bound}`;
  throw new LanewiseError(
    'argument',
    `${name} is ${String(value)}, expected a whole number ${range}`,
  );
}

export function checkName(name: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw new LanewiseError(
    'argument',
    `${name} is ${quote(value)}, expected one of ${known.join(', ')}`,
    nearest(value, known),
  );
}
