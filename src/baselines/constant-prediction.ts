/** The baselines that do not look at the samples: the most frequent class, the mean and the median. */
import { checkOptions, flag, oneOf, text } from '../base/check.js';
import type { IndexedDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { answersOf, type Answers, type Baseline, type BaselineOptions } from './baseline.js';

/** Options of a constant prediction. */
export interface ConstantOptions extends BaselineOptions {
  /** What is predicted of values; default the mean, which has the least squared error; the median has the least absolute. */
  readonly of?: 'mean' | 'median';
}

/**
 * The same prediction for every sample, by the answers of `train`: the classes' frequencies, of which the most frequent
 * class is the highest, or each value's mean or median. scikit-learn's DummyClassifier (`prior`) and DummyRegressor.
 * @throws LanewiseError kind 'data' for data without such a target.
 */
export function constant(train: IndexedDataset, options: ConstantOptions = {}): Baseline {
  checkOptions('baselines.constant', options, {
    target: text,
    binary: flag,
    of: oneOf(['mean', 'median']),
  });
  const samples = samplesOf(train);
  const answers = answersOf(samples, options, 'a constant prediction');
  const { of = 'mean' } = options;
  const row =
    answers.task === 'classes'
      ? frequencies(answers)
      : columnsOf(answers).map(of === 'median' && answers.task === 'values' ? median : mean);
  return {
    name: nameOf(answers, row, of),
    task: answers.task,
    outputs: answers.outputs,
    predict(data) {
      const { count } = samplesOf(data);
      const result = new Float64Array(count * row.length);
      for (let i = 0; i < count; i++) result.set(row, i * row.length);
      return result;
    },
  };
}

function nameOf({ task, names }: Answers, row: readonly number[], of: 'mean' | 'median'): string {
  if (task !== 'classes') return task === 'sides' ? 'the shares of yes' : `the ${of}`;
  const most = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  return `always '${names?.[most] ?? most}'`;
}

/** The share of each class among the samples that have one. */
function frequencies({ values, outputs }: Answers): number[] {
  const counts = Array.from({ length: outputs }, () => 0);
  let all = 0;
  for (let i = 0; i < values.length; i++)
    if (values[i]! >= 0) {
      counts[values[i]!]!++;
      all++;
    }
  return counts.map((count) => (all === 0 ? 1 / outputs : count / all));
}

const columnsOf = ({ values, outputs }: Answers): Float64Array[] =>
  Array.from({ length: outputs }, (_, c) =>
    Float64Array.from({ length: values.length / outputs }, (_, i) => values[i * outputs + c]!),
  );

const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
