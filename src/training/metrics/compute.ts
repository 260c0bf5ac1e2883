/** From a model's scores to its metrics: what the targets are, and whether the metrics suit them, before training. */
import {
  countOf,
  isSampleStream,
  isTensorDataset,
  type AnyDataset,
  type Field,
} from '../../data/dataset.js';
import { LanewiseError } from '../../errors.js';
import { showShape, sizeOf, type Shape } from '../../graph/tensor.js';
import type { Model } from '../../layers/index.js';
import { targetOf, type LossTerm } from '../../losses/terms.js';
import type { Evaluation } from '../../parallel/session.js';
import { predictedClasses } from '../evaluate.js';
import {
  metricFor,
  type Metric,
  type MetricName,
  type Scored,
  type Subject,
  type Task,
} from './metric.js';

/** Metrics that suit a data set, with what is to be known of it. */
export interface CheckedMetrics {
  readonly metrics: readonly Metric[];
  readonly subject: Subject & {
    /** Of the first output. */
    readonly shape: Shape;
    /** The score above which a side is yes. */
    readonly middle: number;
  };
}

/** What training tells beside metrics, in the same place. */
const figures = ['loss', 'accuracy', 'valLoss', 'valAccuracy'];

/** Losses of yes or no, with the score and the target above which it is yes. */
const sides: Readonly<Record<string, readonly [score: number, target: number]>> = {
  binaryCrossEntropy: [0.5, 0.5],
  binaryCrossEntropyWithLogits: [0.5, 0.5],
  binaryHinge: [0, 0],
};

/** Losses whose outputs are scores of classes, whatever the targets are. */
const ofClasses = ['crossEntropy', 'klDivergence', 'hinge', 'mapCriterion'];

/**
 * Looks up metrics by name, and what they need of the data set that they are wanted of (validation's).
 * @throws LanewiseError kind 'argument' for unknown names, twice the same, and metrics that do not suit the
 * first output's loss and targets.
 */
export function checkMetrics(
  model: Model,
  terms: readonly LossTerm[],
  data: AnyDataset,
  wanted: readonly (MetricName | Metric)[],
): CheckedMetrics {
  if (!Array.isArray(wanted)) {
    throw new LanewiseError('argument', `metrics are ${String(wanted)}, expected a list`);
  }
  const names = wanted.map((metric) => (typeof metric === 'string' ? metric : metric?.name));
  const taken = names.find((name) => figures.includes(name));
  if (taken !== undefined) {
    throw new LanewiseError(
      'argument',
      `metrics name '${taken}', which is a figure of every run`,
      'on validation data it is valLoss or valAccuracy, without being asked for',
    );
  }
  const metrics = wanted.map(metricFor);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new LanewiseError('argument', `metrics name '${twice}' twice, expected each once`);
  }
  const subject = subjectOf(model, terms, data);
  const { task } = subject;
  for (const { name, tasks = [task], check } of metrics) {
    const reason = tasks.includes(task) ? check?.(subject) : describe(task, tasks);
    if (reason === undefined) continue;
    throw new LanewiseError('argument', `metric '${name}' of data set '${data.name}': ${reason}`);
  }
  return { metrics, subject };
}

const descriptions: Readonly<Record<Task, string>> = {
  classes: 'classes',
  sides: 'yes or no (the losses named binary…)',
  values: 'values',
};

const describe = (task: Task, tasks: readonly Task[]): string =>
  `the model's first output is trained to find ${descriptions[task]}, expected ${tasks.map((name) => descriptions[name]).join(' or ')}`;

function subjectOf(
  model: Model,
  terms: readonly LossTerm[],
  data: AnyDataset,
): CheckedMetrics['subject'] {
  const [output, shape] = [...model.outputs][0]!;
  const term = terms.find((each) => each.output === output);
  if (!term) {
    throw new LanewiseError(
      'argument',
      `metrics are of the first output, '${output}', which has no loss`,
    );
  }
  if (isSampleStream(data)) {
    throw new LanewiseError(
      'data',
      `metrics of '${data.name}', a stream, whose labels are known only as they come: expected a data set with labels`,
    );
  }
  const target = targetOf(term);
  const field = isTensorDataset(data)
    ? data.targets[target]
    : { shape: [], values: data.labels as Field['values'] };
  if (!field) {
    throw new LanewiseError('data', `data set '${data.name}' has no target '${target}'`);
  }
  const loss = term.loss.kind;
  const common = { terms, loss, data, shape, middle: 0, labels: [], targets: new Float32Array() };
  const size = sizeOf(shape);
  const rowLength = shape.length === 0 ? 1 : shape.length === 3 ? shape[0]! : shape.at(-1)!;
  const isIndices =
    !(field.values instanceof Float32Array) &&
    field.as !== 'values' &&
    rowLength > 1 &&
    showShape(field.shape) !== showShape(shape);
  if (isIndices) return { ...common, task: 'classes', outputs: rowLength, labels: field.values };
  const targets = numbersOf(field);
  const side = sides[loss];
  if (side) {
    const [middle, targetMiddle] = side;
    const labels = Uint8Array.from(targets, (target) => (target > targetMiddle ? 1 : 0));
    return { ...common, task: 'sides', outputs: size, middle, labels };
  }
  if (rowLength > 1 && ofClasses.includes(loss)) {
    const labels = predictedClasses(toRows(targets, shape), rowLength);
    return { ...common, task: 'classes', outputs: rowLength, labels };
  }
  return { ...common, task: 'values', outputs: size, targets };
}

/** Targets as the loss compares them: bytes that are values in 0 to 1, class indices as numbers. */
function numbersOf({ values, as }: Field): Float32Array {
  if (values instanceof Float32Array) return values;
  return Float32Array.from(values, (value) => (as === 'values' ? value / 255 : value));
}

/** Scores of images, n×C×H×W, as a row of C for each pixel; others have their rows already. */
function toRows(values: Float32Array, shape: Shape): Float32Array {
  if (shape.length !== 3) return values;
  const channels = shape[0]!;
  const pixels = shape[1]! * shape[2]!;
  const rows = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += channels * pixels) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++)
        rows[start + p * channels + c] = values[start + c * pixels + p]!;
    }
  }
  return rows;
}

/**
 * The metrics' values, by name, from an evaluation of the data set that they were checked with.
 * @throws LanewiseError kind 'data' if one is no number.
 */
export function computeMetrics(
  { metrics, subject }: CheckedMetrics,
  { scores, losses = new Float32Array() }: Pick<Evaluation, 'scores' | 'losses'>,
): Record<string, number> {
  const { task, outputs, labels, targets, data, shape, middle } = subject;
  const expected = countOf(data) * sizeOf(shape);
  if (scores.length !== expected) {
    throw new LanewiseError(
      'data',
      `metrics of data set '${data.name}': ${scores.length} scores, expected ${expected}`,
    );
  }
  const rows = task === 'classes' ? toRows(scores, shape) : scores;
  const scored: Scored = {
    task,
    scores: rows,
    outputs,
    labels,
    predictions:
      task === 'classes'
        ? predictedClasses(rows, outputs)
        : task === 'sides'
          ? Uint8Array.from(scores, (score) => (score > middle ? 1 : 0))
          : [],
    targets,
    losses,
    data,
  };
  return Object.fromEntries(
    metrics.map((metric) => {
      const value = metric.of(scored);
      if (typeof value === 'number' && !Number.isNaN(value)) return [metric.name, value];
      throw new LanewiseError(
        'data',
        `metric '${metric.name}' of data set '${data.name}' is ${String(value)}, expected a number`,
      );
    }),
  );
}
