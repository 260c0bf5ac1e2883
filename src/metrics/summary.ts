/** Summaries of scores: predictions, accuracy and mean loss. */
import { labelsIn, type Samples } from '../data/samples.js';
import { predictedClasses } from '../inference/predicted-classes.js';
import type { Evaluation } from '../crew/session.js';

export { predictedClasses };

/** A model's figures on a data set. */
export interface EvaluationSummary {
  /** Mean over the samples, each times its weight if the data set has weights. */
  readonly loss: number;
  /** Share of right answers among all that count, each times its weight, if any. Absent where the loss knows none. */
  readonly accuracy?: number;
  /** Share of wrong answers. */
  readonly error?: number;
}

/** Figures of a model whose output is one score per class. */
export interface ClassificationSummary extends Required<EvaluationSummary> {
  /** Predicted class of each sample. */
  readonly predictions: Uint32Array;
  /** Scores n×classes; probabilities for models trained with cross-entropy. */
  readonly scores: Float32Array;
}

export function summarize(
  { losses, hits, answers }: Evaluation,
  { count, weights }: Samples,
): EvaluationSummary {
  const loss = sum(losses!, weights) / count;
  if (!hits) return { loss };
  const all = answers ? sum(answers, weights) : weights ? sum(weights) : count;
  return { loss, ...shares(sum(hits, weights), all) };
}

/** The summary with predictions, from scores with one output per class. */
export function classify(evaluation: Evaluation, data: Samples): ClassificationSummary {
  const found = classifyScores(evaluation.scores, data);
  // A loss may ignore some labels.
  return { ...found, ...summarize(evaluation, data) };
}

/** Everything but the loss, from n×classes scores of the samples that have a class, each times its weight. */
export function classifyScores(
  scores: Float32Array,
  data: Samples,
): Omit<ClassificationSummary, 'loss'> {
  const labels = labelsIn(data)!;
  const { weights } = data;
  const predictions = predictedClasses(scores, scores.length / labels.length);
  let [right, all] = [0, 0];
  predictions.forEach((c, i) => {
    const weight = labels[i]! < 0 ? 0 : (weights?.[i] ?? 1);
    all += weight;
    if (c === labels[i]) right += weight;
  });
  return { ...shares(right, all), predictions, scores };
}

const sum = (values: Float32Array, by?: Float32Array): number =>
  values.reduce((total, value, i) => total + (by ? value * by[i]! : value), 0);

const shares = (right: number, all: number) => ({
  accuracy: right / all,
  error: (all - right) / all,
});
