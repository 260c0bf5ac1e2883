/** From scores to figures: predictions, accuracy, mean loss. */
import { countOf, weightsOf, type AnyDataset, type LabelledDataset } from '../data/dataset.js';
import { predictedClasses } from '../inference/predicted-classes.js';
import type { Evaluation } from '../parallel/session.js';

export { predictedClasses };

/** Figures of a model on a data set. */
export interface EvaluationSummary {
  /** Mean over the samples, each times its weight if the data set has weights. */
  readonly loss: number;
  /** Share of right answers. Absent where the loss knows none. */
  readonly accuracy?: number;
  /** The others' share. */
  readonly error?: number;
}

/** Of a model whose output is one score a class. */
export interface ClassificationSummary extends Required<EvaluationSummary> {
  /** Predicted class of each sample. */
  readonly predictions: Uint32Array;
  /** n×classes; probabilities of models trained with cross-entropy. */
  readonly scores: Float32Array;
}

export function summarize({ losses, hits }: Evaluation, data: AnyDataset): EvaluationSummary {
  const count = countOf(data);
  const loss = sum(losses!, weightsOf(data)) / count;
  return hits ? { loss, ...shares(sum(hits), count) } : { loss };
}

/** The same with predictions, from scores of one output a class. */
export function classify(evaluation: Evaluation, data: LabelledDataset): ClassificationSummary {
  const { loss } = summarize(evaluation, data);
  return { loss, ...classifyScores(evaluation.scores, data) };
}

/** All but the loss, from n×classes scores. */
export function classifyScores(
  scores: Float32Array,
  { labels }: LabelledDataset,
): Omit<ClassificationSummary, 'loss'> {
  const predictions = predictedClasses(scores, scores.length / labels.length);
  const right = predictions.reduce((total, c, i) => total + (c === labels[i] ? 1 : 0), 0);
  return { ...shares(right, labels.length), predictions, scores };
}

const sum = (values: Float32Array, by?: Float32Array): number =>
  values.reduce((total, value, i) => total + (by ? value * by[i]! : value), 0);

const shares = (right: number, count: number) => ({
  accuracy: right / count,
  error: (count - right) / count,
});
