/** Classifiers beside what needs no training: the most frequent class, and a linear model where it costs little. */
import type { Baseline } from '../baselines/index.js';
import { constant } from '../baselines/constant-prediction.js';
import { linear, mostRows } from '../baselines/linear-model.js';
import { LanewiseError } from '../base/errors.js';
import type { IndexedDataset, LabelledDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { sizeOf } from '../graph/tensor.js';
import {
  brierScore,
  calibrationCurve,
  expectedCalibrationError,
  type CalibrationBin,
} from '../metrics/calibration.js';
import type { ClassificationSummary } from '../metrics/summary.js';
import { predictedClasses } from '../inference/predicted-classes.js';
import { judge, type Judgement, type Rival } from './judgement.js';
import { arePixels, countOf } from './task.js';

/** Whether probabilities mean what they say. */
export interface Calibration {
  /** The expected calibration error, by 15 bins. */
  readonly error: number;
  readonly brier: number;
  /** The reliability curve, by 10 bins. */
  readonly bins: readonly CalibrationBin[];
}

/** Accuracy beside that of the baselines of `train`, or of the scored samples' own classes if that is unknown. */
export function judgeClasses(
  train: LabelledDataset | undefined,
  test: LabelledDataset,
  { predictions }: Pick<ClassificationSummary, 'predictions'>,
): Judgement {
  // A label below 0 is no class.
  const places = Uint32Array.from(test.labels, (_, i) => i).filter((i) => test.labels[i]! >= 0);
  const accuracyOf = (predicted: ArrayLike<number>) =>
    weightedMean(
      Uint8Array.from(places, (i) => Number(predicted[i] === test.labels[i])),
      test.weights && Float32Array.from(places, (i) => test.weights![i]!),
    );
  const baselines = [constant(train ?? test), ...linearIfCheap(train, test)];
  return judge({
    name: 'accuracy',
    better: 'higher',
    isShare: !test.weights,
    samples: places.length,
    figure: accuracyOf(predictions),
    rivals: baselines.map((baseline): Rival => ({
      name: baseline.name,
      figure: accuracyOf(
        predictedClasses(Float32Array.from(baseline.predict(test)), baseline.outputs),
      ),
    })),
  });
}

function weightedMean(values: Uint8Array, weights: Float32Array | undefined) {
  return (places: Uint32Array): number => {
    let [sum, all] = [0, 0];
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      const weight = weights ? weights[place]! : 1;
      sum += weight * values[place]!;
      all += weight;
    }
    return sum / all;
  };
}

/**
 * The linear model, unless it would take long or cannot be: of images only if all samples can be used, as on the pixels of a
 * few it would be no measure.
 */
export function linearIfCheap(
  train: IndexedDataset | undefined,
  test: IndexedDataset,
  binary = false,
): Baseline[] {
  if (!train) return [];
  const [found, other] = [samplesOf(train), samplesOf(test)];
  if (found.source || other.source) return [];
  const width = Object.values(found.inputs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (arePixels(train)) {
    const classes = Object.values(found.classes ?? []).length;
    if (countOf(train) > mostRows(width, { task: 'classes', outputs: classes })) return [];
  }
  try {
    return [linear(train, { binary })];
  } catch (error) {
    if (error instanceof LanewiseError) return [];
    throw error;
  }
}

/** The calibration of scores that are probabilities. */
export function calibrationOf(
  { labels }: LabelledDataset,
  { scores }: Pick<ClassificationSummary, 'scores'>,
): Calibration | undefined {
  const classes = scores.length / labels.length;
  const places = Uint32Array.from(labels, (_, i) => i).filter(
    (i) => labels[i]! >= 0 && labels[i]! < Math.max(2, classes),
  );
  if (places.length === 0 || !scores.every((p) => p >= 0 && p <= 1)) return undefined;
  const truth = Array.from(places, (i) => labels[i]!);
  const rows = new Float32Array(places.length * classes);
  places.forEach((i, row) =>
    rows.set(scores.subarray(i * classes, (i + 1) * classes), row * classes),
  );
  return {
    error: expectedCalibrationError(truth, rows),
    brier: brierScore(truth, rows),
    bins: calibrationCurve(truth, rows),
  };
}
