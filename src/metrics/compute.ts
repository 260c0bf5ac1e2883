/** Computes a model's metrics from its scores, and checks before training that they suit the targets. */
import type { Field } from '../data/dataset.js';
import { datasetOf } from '../data/forms.js';
import { targetNamed, type Samples } from '../data/samples.js';
import { LanewiseError } from '../base/errors.js';
import { widthOfSpread } from '../base/spread.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { targetOf, type LossTerm } from '../losses/terms.js';
import { countsAt, countsOf } from '../feed/counts.js';
import type { Evaluation } from '../crew/session.js';
import { intervalsOf } from './intervals.js';
import { predictedClasses } from './summary.js';
import {
  metricFor,
  type Metric,
  type MetricName,
  type Scored,
  type Subject,
  type Task,
} from './metric.js';

/** Metrics that suit a data set, with what they need to know of it. */
export interface CheckedMetrics {
  readonly metrics: readonly Metric[];
  readonly subject: Subject & {
    readonly samples: Samples;
    /** Shape of the first output. */
    readonly shape: Shape;
    /** The score above which a side is yes. */
    readonly middle: number;
    /** The rows that count, if not all do; labels and targets are theirs. */
    readonly kept?: Uint32Array;
  };
}

/** Figures that training reports beside metrics, in the same place. */
const figures = ['loss', 'accuracy', 'valLoss', 'valAccuracy'];

/**
 * Looks up metrics by name, and what they need of the data set that they measure (the validation data).
 * @throws LanewiseError kind 'argument' for unknown names, repeated names, and metrics that do not suit the first output's
 * loss and targets.
 */
export function checkMetrics(
  model: Model,
  terms: readonly LossTerm[],
  data: Samples,
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
  for (const { name, tasks = [task], check, countsParts } of metrics) {
    const reason = !tasks.includes(task)
      ? describe(task, tasks)
      : subject.counting && !countsParts
        ? 'some samples count in part, which it does not support (countsParts, counting)'
        : check?.(subject);
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

/**
 * The term of the first output, with its target.
 * @throws LanewiseError for an output without a loss, a stream, and data without the target.
 */
function firstTerm(
  model: Model,
  terms: readonly LossTerm[],
  samples: Samples,
): { readonly shape: Shape; readonly term: LossTerm; readonly field: Field } {
  const [output, shape] = [...model.outputs][0]!;
  const term = terms.find((each) => each.output === output);
  if (!term) {
    throw new LanewiseError(
      'argument',
      `metrics measure the first output, '${output}', which has no loss`,
    );
  }
  const { name, source } = samples;
  if (source?.open) {
    throw new LanewiseError(
      'data',
      `metrics of '${name}', a stream, whose labels are known only when read: expected a data set with labels`,
    );
  }
  const target = targetOf(term);
  const field = targetNamed(samples, target, output);
  if (!field) throw new LanewiseError('data', `data set '${name}' has no target '${target}'`);
  return { shape, term, field };
}

function subjectOf(
  model: Model,
  terms: readonly LossTerm[],
  samples: Samples,
): CheckedMetrics['subject'] {
  const { shape, term, field } = firstTerm(model, terms, samples);
  const { spread } = term.loss;
  const loss = term.loss.kind;
  const common = {
    terms,
    loss,
    samples,
    data: datasetOf(samples),
    shape,
    middle: 0,
    labels: [],
    targets: new Float32Array(),
  };
  const size = sizeOf(shape);
  const rowLength = shape.length === 0 ? 1 : shape.length === 3 ? shape[0]! : shape.at(-1)!;
  const isIndices =
    !(field.values instanceof Float32Array) &&
    field.as !== 'values' &&
    rowLength > 1 &&
    !spread &&
    showShape(field.shape) !== showShape(shape);
  const counts = countsWith(samples.weights, field, term);
  /** Keeps the rows of `length` values that count. */
  const only = <V extends Field['values']>(values: V, length: number, outputs: number) => {
    const kept = keptRows(counts, values.length / length);
    if (!kept) return { outputs, values };
    const each = Uint8Array.from(values, (_, i) =>
      Number(countsAt({ ...field, values }, counts, i)),
    );
    const counting = pickRows(each, kept, length);
    return {
      outputs,
      values: pickRows(values, kept, length),
      kept,
      ...(counting.includes(0) ? { counting } : {}),
    };
  };
  if (isIndices) {
    const { values: labels, ...rows } = only(field.values, 1, rowLength);
    return { ...common, task: 'classes', ...rows, labels };
  }
  const targets = numbersOf(field);
  const { finds } = term.loss;
  if (typeof finds === 'object') {
    const [middle, targetMiddle] = finds.sides;
    const { values: labels, ...rows } = only(
      Uint8Array.from(targets, (value) => (value > targetMiddle ? 1 : 0)),
      size,
      size,
    );
    return { ...common, task: 'sides', ...rows, middle, labels };
  }
  if (rowLength > 1 && finds === 'classes') {
    const classes = Int32Array.from(predictedClasses(toRows(targets, shape), rowLength));
    const { values: labels, ...rows } = only(classes, 1, rowLength);
    return { ...common, task: 'classes', ...rows, labels };
  }
  const each = spread ? size / widthOfSpread(spread) : size;
  const { values, ...rows } = only(targets, each, each);
  return { ...common, task: 'values', ...rows, targets: values, ...(spread ? { spread } : {}) };
}

/** The counts of a target's answers, with zeros for samples that weigh 0. */
function countsWith(
  weights: Float32Array | undefined,
  field: Field,
  term: LossTerm,
): Float32Array | undefined {
  const counts = countsOf(field, term);
  if (!weights?.includes(0)) return counts;
  const each = (counts?.length ?? weights.length) / weights.length;
  return Float32Array.from({ length: weights.length * each }, (_, i) =>
    weights[Math.floor(i / each)] === 0 ? 0 : (counts?.[i] ?? 1),
  );
}

/** The rows in which something counts; undefined if everything does. */
function keptRows(counts: Float32Array | undefined, rows: number): Uint32Array | undefined {
  if (!counts?.includes(0)) return undefined;
  const each = Math.max(1, counts.length / rows);
  return Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => {
    const from = Math.floor((row * counts.length) / rows);
    return counts.subarray(from, from + each).some((weight) => weight > 0);
  });
}

/** Picks rows of `length` values. */
function pickRows<V extends Field['values']>(values: V, rows: Uint32Array, length: number): V {
  const picked = new (values.constructor as new (count: number) => V)(rows.length * length);
  rows.forEach((row, i) =>
    picked.set(values.subarray(row * length, (row + 1) * length), i * length),
  );
  return picked;
}

/** Targets as the loss compares them: bytes as values in 0 to 1, class indices as numbers. */
function numbersOf({ values, as }: Field): Float32Array {
  if (values instanceof Float32Array) return values;
  return Float32Array.from(values, (value) => (as === 'values' ? value / 255 : value));
}

/** Scores of images, n×C×H×W, with a row of C for each pixel; other scores have their rows already. */
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
 * @throws LanewiseError kind 'data' if one is not a number.
 */
export function computeMetrics(
  { metrics, subject }: CheckedMetrics,
  { scores, losses = new Float32Array() }: Pick<Evaluation, 'scores' | 'losses'>,
): Record<string, number> {
  const { task, outputs, labels, targets, counting, data, shape, middle, kept, spread } = subject;
  const { count, weights } = subject.samples;
  const expected = count * sizeOf(shape);
  if (scores.length !== expected) {
    throw new LanewiseError(
      'data',
      `metrics of data set '${data.name}': ${scores.length} scores, expected ${expected}`,
    );
  }
  const all = task === 'classes' ? toRows(scores, shape) : scores;
  const rows = kept ? pickRows(all, kept, outputs * (spread ? widthOfSpread(spread) : 1)) : all;
  const described = spread && { spread, scores: rows };
  const scored: Scored = {
    task,
    scores: described ? intervalsOf(described).values : rows,
    ...(described ? { described } : {}),
    outputs,
    labels,
    predictions:
      task === 'classes'
        ? predictedClasses(rows, outputs)
        : task === 'sides'
          ? Uint8Array.from(rows, (score) => (score > middle ? 1 : 0))
          : [],
    targets,
    ...(counting ? { counting } : {}),
    losses: weights ? losses.filter((_, i) => weights[i] !== 0) : losses,
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
