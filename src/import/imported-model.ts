/** What an importer gives: a model of ordinary layers, its weights, and what is otherwise than in the file. */
import { extent, isObject, listOf, refuse, type Check } from '../base/check.js';
import type { Weights } from '../crew/session.js';
import type { Model } from '../layers/index.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { withWeights } from '../trained/with-weights.js';
import type { Assembled } from './keras/keras-assemble.js';

/** A model from another program's file. */
export interface ImportedModel {
  readonly model: Model;
  /** Its weights by the names of its parameters: `train(model, { weights })` goes on from them. */
  readonly weights: Weights;
  /** What is otherwise than in the file, one sentence each. */
  readonly warnings: readonly string[];
  /** The model with its weights, which predicts, is evaluated and saved. */
  readonly trained: TrainedModel;
}

/** The loss that makes predictions what the file's model gives. */
const LOSSES = {
  softmax: 'crossEntropy',
  sigmoid: 'binaryCrossEntropy',
  other: 'meanSquaredError',
} as const;

export function importedModel({ model, weights, warnings, ending }: Assembled): ImportedModel {
  const loss = LOSSES[ending];
  const all = Object.fromEntries([...model.outputs.keys()].map((name) => [name, loss]));
  const trained = withWeights(model, weights, { loss: model.outputs.size === 1 ? loss : all });
  return { model, weights, warnings, trained };
}

/** A check of shapes by the names of inputs. */
export const inputShapes: Check = (owner, name, value) => {
  if (!isObject(value)) refuse(owner, name, value, 'an object of shapes by the names of inputs');
  for (const [key, shape] of Object.entries(value as object))
    listOf(extent, 0)(owner, `${name}.${key}`, shape);
};
