/** A model with weights: what training returns and a model file holds; predicts, evaluates, hashes. */
import { checkDataset, type Dataset } from '../data/dataset.js';
import { LanewiseError } from '../errors.js';
import { relaxedMaddIsFused, type Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { LossName } from '../losses/loss.js';
import { createSession, type Weights } from '../parallel/session.js';
import { predictedClasses, summarize, type EvaluationSummary } from './evaluate.js';
import { resolveWorkers } from './settings.js';

export interface Prediction {
  /** Class index of each sample. */
  readonly classes: Uint32Array;
  /** n×outputs; probabilities for models trained with cross-entropy, else the outputs themselves. */
  readonly scores: Float32Array;
}

export interface TrainedModel {
  readonly model: Model;
  readonly loss: LossName;
  /** The rounding it was trained with, and predicts with unless the engine cannot. */
  readonly numerics: Numerics;
  readonly weights: Weights;
  /** Of all weights' bytes (float32, little-endian) in the order of the layers, in hexadecimal. */
  sha256(): Promise<string>;
  /**
   * Scores samples of shape [channels, height, width], one after another in one array.
   * @throws LanewiseError kind 'data' if they are not whole samples, or do not fit the model's input.
   */
  predict(
    samples: Uint8Array | Float32Array,
    shape?: readonly [channels: number, height: number, width: number],
  ): Promise<Prediction>;
  /** Mean loss, accuracy and predictions over a data set. Default workers: the machine's parallelism. */
  evaluate(data: Dataset, options?: { readonly workers?: number }): Promise<EvaluationSummary>;
}

export function createTrainedModel(
  model: Model,
  loss: LossName,
  numerics: Numerics,
  weights: Weights,
): TrainedModel {
  async function score(data: Dataset, workers: number) {
    const usable = numerics === 'fused' && !relaxedMaddIsFused() ? 'strict' : numerics;
    const session = await createSession({
      model,
      loss,
      numerics: usable,
      workers,
      datasets: [data],
    });
    try {
      session.writeWeights(weights);
      const evaluation = await session.evaluate(0);
      checkScores(evaluation.scores);
      return evaluation;
    } finally {
      await session.close();
    }
  }
  return {
    model,
    loss,
    numerics,
    weights,
    sha256: () => hashWeights(weights),
    async predict(samples, shape = model.architecture.input.shape) {
      const count = samples.length / (shape[0] * shape[1] * shape[2]);
      const data = checkDataset({
        name: 'samples to predict',
        shape,
        classes: Array.from({ length: model.outputs }, (_, i) => String(i)),
        samples,
        labels: new Uint8Array(Math.ceil(count)),
      });
      const { scores } = await score(data, 0);
      return { classes: predictedClasses(scores, model.outputs), scores };
    },
    async evaluate(data, { workers } = {}) {
      checkDataset(data);
      return summarize(await score(data, resolveWorkers(workers)), data);
    },
  };
}

/** Scores that are no numbers come from weights, or an input scale, that are none. */
function checkScores(scores: Float32Array): void {
  const wrong = scores.find((score) => !Number.isFinite(score));
  if (wrong === undefined) return;
  throw new LanewiseError(
    'engine',
    `the model's scores are ${wrong}: its weights are damaged, or its input's mean and deviation`,
  );
}

async function hashWeights(weights: Weights): Promise<string> {
  const arrays = [...weights.values()];
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
