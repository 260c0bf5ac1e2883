/**
 * What a report says of a model's answers beside their classes: predicted against true values, calibration, the columns
 * that matter, and the samples that are hardest.
 */
import { intervalReader, levelOf, type Spread } from '../../base/spread.js';
import { constant } from '../../baselines/index.js';
import type { IndexedDataset } from '../../data/dataset.js';
import { datasetOf } from '../../data/forms.js';
import { targetNamed, type Samples } from '../../data/samples.js';
import { hasClasses } from '../../data/target-names.js';
import { targetOf } from '../../losses/terms.js';
import { calibrationCurve, expectedCalibrationError } from '../../metrics/calibration.js';
import { regressionReport } from '../../metrics/regression-report.js';
import type { TrainedModel } from '../../trained/trained-model.js';
import type { BaselineSeen, ClassFigures, Evaluation, ValuesSeen } from './evaluation.js';

/** Most points of a picture: of more samples every nth is shown. */
const MAX_POINTS = 1000;

/** The names of labels, of which any number are right for a sample; undefined for other targets. */
export function labelNames({ table }: Samples): readonly string[] | undefined {
  const [target, ...others] = table?.targets ?? [];
  return target?.type === 'labels' && others.length === 0 ? target.classes : undefined;
}

/** Which labels are right, and which of them have a score of one half or more: 0 and 1, a row each. */
function labelAnswers(
  { targets }: Samples,
  scores: Float32Array,
): { readonly truths: Float32Array; readonly found: Float32Array } | undefined {
  const { values } = Object.values(targets)[0]!;
  if (!(values instanceof Float32Array) || values.length !== scores.length) return undefined;
  return { truths: values, found: scores.map((score) => Number(score >= 0.5)) };
}

/** The share of labels that are wrong. */
export function wrongLabels(data: Samples, scores: Float32Array): number {
  const answers = labelAnswers(data, scores);
  if (!answers) return NaN;
  const { truths, found } = answers;
  return found.reduce((sum, one, i) => sum + Number(one !== truths[i]), 0) / found.length;
}

/** The figures of each label. */
export function labelsSeen(data: Samples, scores: Float32Array): ClassFigures[] | undefined {
  const names = labelNames(data);
  const answers = names && labelAnswers(data, scores);
  if (!answers) return undefined;
  const { truths, found } = answers;
  return names.map((name, c) => {
    let [right, samples, taken] = [0, 0, 0];
    for (let i = c; i < truths.length; i += names.length) {
      right += truths[i]! * found[i]!;
      samples += truths[i]!;
      taken += found[i]!;
    }
    return { name, samples, ...classShares(right, samples, taken) };
  });
}

/** Precision TP/(TP + FP), recall TP/(TP + FN), F1 2·TP/(2·TP + FP + FN); null where they are of none. */
export function classShares(
  right: number,
  samples: number,
  taken: number,
): Pick<ClassFigures, 'precision' | 'recall' | 'f1'> {
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  return {
    precision: share(right, taken),
    recall: share(right, samples),
    f1: share(2 * right, samples + taken),
  };
}

/** The target of the first output, if it holds numbers. */
export function numbersOf(
  { terms }: TrainedModel,
  data: Samples,
): { readonly name: string; readonly values: Float32Array; readonly spread?: Spread } | undefined {
  const [term] = terms;
  if (!term || term.loss.whole) return undefined;
  const name = targetOf(term);
  const field = targetNamed(data, name, term.output);
  if (labelNames(data)) return undefined;
  if (!field || hasClasses(field) || !(field.values instanceof Float32Array)) return undefined;
  const { spread } = term.loss;
  return { name, values: field.values, ...(spread ? { spread } : {}) };
}

/** Truths and predictions of each value of the first output; undefined where it does not predict values. */
export function valuesSeen(
  trained: TrainedModel,
  data: Samples,
  scores: Float32Array,
): readonly ValuesSeen[] | undefined {
  const found = numbersOf(trained, data);
  if (!found || data.count < 2) return undefined;
  const { name, values, spread } = found;
  const width = values.length / data.count;
  const size = scores.length / values.length;
  if (!Number.isInteger(width) || !Number.isInteger(size) || (size > 1 && !spread))
    return undefined;
  const read = spread ? intervalReader(spread) : undefined;
  const answer = (i: number) =>
    read ? read(scores, i * size) : { value: scores[i]!, low: NaN, high: NaN };
  return Array.from({ length: width }, (_, c) => {
    const at = Array.from({ length: data.count }, (__, row) => row * width + c).filter((i) =>
      Number.isFinite(values[i]),
    );
    return oneValue(
      nameOf(data, name, c, width),
      at.map((i) => values[i]!),
      at.map(answer),
      spread,
    );
  }).filter((one) => one !== undefined);
}

/** The name of a target's column, with its unit. */
function nameOf({ table, targets }: Samples, name: string, column: number, width: number): string {
  const isOnly = Object.keys(targets).length === 1;
  const known = table?.targets?.filter(({ type }) => type === 'number') ?? [];
  const own =
    isOnly && known.length === width ? known[column]! : known.find((one) => one.name === name);
  const shown = own ? own.name : width > 1 ? `${name || 'value'} ${column}` : name || 'value';
  return own?.unit && !shown.includes(own.unit) ? `${shown} (${own.unit})` : shown;
}

type Answer = { readonly value: number; readonly low: number; readonly high: number };

function oneValue(
  name: string,
  truths: readonly number[],
  answers: readonly Answer[],
  spread: Spread | undefined,
): ValuesSeen | undefined {
  if (truths.length < 2) return undefined;
  const [figures] = regressionReport(
    truths,
    answers.map(({ value }) => value),
  ).columns;
  const every = Math.ceil(truths.length / MAX_POINTS);
  const shown = <T>(list: readonly T[]) => list.filter((_, i) => i % every === 0);
  const inside = answers.filter(({ low, high }, i) => truths[i]! >= low && truths[i]! <= high);
  return {
    name,
    truths: shown(truths),
    values: shown(answers.map(({ value }) => value)),
    mae: figures!.mae,
    rmse: figures!.rmse,
    r2: figures!.r2,
    ...(spread
      ? {
          interval: {
            level: levelOf(spread),
            covered: inside.length / truths.length,
            low: shown(answers.map(({ low }) => low)),
            high: shown(answers.map(({ high }) => high)),
          },
        }
      : {}),
  };
}

/** How often what was said with a probability came true. */
export function calibrationSeen(
  labels: ArrayLike<number>,
  scores: Float32Array,
): NonNullable<Evaluation['calibration']> {
  const bins = calibrationCurve(labels, scores);
  return {
    error: expectedCalibrationError(labels, scores),
    bins: bins.map(({ predicted, observed, count }) => ({ predicted, observed, count })),
  };
}

/** The figures of what does not look at the samples: the most frequent class, or each value's mean. */
export function constantSeen(
  trained: TrainedModel,
  train: Samples,
  data: Samples,
  labels: ArrayLike<number> | undefined,
): BaselineSeen | undefined {
  if (train.source?.open) return undefined;
  const [term] = trained.terms;
  if (!term || term.loss.whole) return undefined;
  const target = Object.keys(train.targets).find((name) => name === targetOf(term)) ?? '';
  if (!Object.hasOwn(train.targets, target)) return undefined;
  if (labels) {
    const found = constant(datasetOf(train) as IndexedDataset, target ? { target } : {});
    const row = found.predict(datasetOf(train) as IndexedDataset).subarray(0, found.outputs);
    const most = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
    const known = Array.from(labels).filter((label) => label >= 0);
    const right = known.filter((label) => label === most).length;
    return { name: found.name, figures: { accuracy: right / known.length } };
  }
  const numbers = numbersOf(trained, data);
  const trainedOn = numbersOf(trained, train);
  if (!numbers || !trainedOn || numbers.values.length !== data.count || data.count < 2)
    return undefined;
  if (![...trainedOn.values, ...numbers.values].every(Number.isFinite)) return undefined;
  const mean = trainedOn.values.reduce((sum, value) => sum + value, 0) / trainedOn.values.length;
  const always = Float32Array.from(numbers.values, () => mean);
  const { mae, rmse, r2 } = regressionReport(numbers.values, always).columns[0]!;
  return { name: 'the mean', figures: { mae, rmse, r2 } };
}
