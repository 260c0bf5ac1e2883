/** From scores to figures: predictions, accuracy, mean loss. */
import type { Dataset } from '../data/dataset.js';
import type { Evaluation } from '../parallel/session.js';

export interface EvaluationSummary {
  /** Mean over the samples. */
  readonly loss: number;
  /** Share of samples whose highest score is their label's. */
  readonly accuracy: number;
  /** The others' share. */
  readonly error: number;
  /** Predicted class of each sample. */
  readonly predictions: Uint32Array;
}

/**
 * The class with the highest score (the first of several, a NaN before any number) in each row of
 * n×classes scores.
 */
export function predictedClasses(scores: Float32Array, classes: number): Uint32Array {
  return Uint32Array.from({ length: scores.length / classes }, (_, i) => {
    const row = scores.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    for (let c = 1; c < classes; c++) {
      const [value, most] = [row[c]!, row[best]!];
      if (value > most || (Number.isNaN(value) && !Number.isNaN(most))) best = c;
    }
    return best;
  });
}

export function summarize({ scores, losses }: Evaluation, { labels }: Dataset): EvaluationSummary {
  const predictions = predictedClasses(scores, scores.length / labels.length);
  const hits = predictions.reduce((sum, c, i) => sum + (c === labels[i] ? 1 : 0), 0);
  const loss = losses.reduce((sum, value) => sum + value, 0);
  const count = labels.length;
  return { loss: loss / count, accuracy: hits / count, error: (count - hits) / count, predictions };
}
