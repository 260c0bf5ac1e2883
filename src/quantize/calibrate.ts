/**
 * Calibration: what a quantised model has to know of its tensors' values, from samples of its data. The model runs in
 * strict numerics, so that every engine finds the same.
 */
import { checkOptions, listOf, oneOf, text, wholeFrom, type Checks } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { suggest } from '../base/suggest.js';
import type { AnyDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { firstPart } from '../data/subset.js';
import { withColumnsOf } from '../data/table-tools.js';
import { input, sizeOf } from '../graph/tensor.js';
import type { ModelGraph } from '../layers/index.js';
import { evaluate } from '../step/compute-tensors.js';
import { checkPresent, checkTrained } from '../trained/check-weights.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { placesIn, type Place } from './byte-places.js';
import type { Pointwise, ProductStep } from './byte-steps.js';
import { walk, type Walk } from './byte-walk.js';
import { createObserver, leavesOf, type Leaves } from './observe.js';
import {
  centresOf,
  count,
  createHistogram,
  innerOf,
  rangeOf,
  scaleOf,
  tableRange,
} from './ranges.js';
import type { PlaceRange } from './quantized-graph.js';
import {
  calibrationOf,
  type Calibration,
  type CalibrationData,
  type RangeRule,
} from './calibrated.js';

/** Options of `calibrate`. */
export interface CalibrateOptions {
  /** Number of samples, from the front of the data; default 512. */
  readonly samples?: number;
  /** Default `error`. */
  readonly range?: RangeRule;
  /** Names of layers that stay float, with the layers inside them. */
  readonly float?: readonly string[];
}

/** A calibration, with what only the integers of weights need of the samples. */
export interface Calibrated extends CalibrationData {
  /** Each feature's mean over the samples, of what each product reads. */
  readonly means: ReadonlyMap<string, Float64Array>;
}

const OPTIONS: Checks<CalibrateOptions> = {
  samples: wholeFrom(1),
  range: oneOf(['minmax', 'percentile', 'error']),
  float: listOf(text),
};

/** @internal Checks what `calibrate` and `quantize` are given alike. */
export function checkFloat({ activations }: ModelGraph, owner: string, float: readonly string[]) {
  const layers = activations.map(({ layer }) => layer);
  for (const name of float) {
    if (layers.some((layer) => layer === name || layer.startsWith(`${name}.`))) continue;
    throw new LanewiseError(
      'argument',
      `${owner}: the model has no layer '${name}'`,
      suggest(name, layers),
    );
  }
}

/**
 * The ranges of all tensors that `quantize` holds in bytes, which its option `calibration` and `train`'s setting `quantization` take. The samples are seen as in
 * an evaluation.
 * @throws LanewiseError kind 'argument' for a model that is not trained; kind 'data' for data that does not fit it.
 */
export async function calibrate(
  trained: TrainedModel,
  data: AnyDataset,
  options: CalibrateOptions = {},
): Promise<Calibration> {
  checkTrained('calibrate', trained);
  const {
    samples = 512,
    range = 'error',
    float = [],
  } = checkOptions('calibrate', options, OPTIONS);
  const leaves = await leavesToSee(trained, data, samples);
  const { means: _, ...found } = await calibrateLeaves(trained, leaves, { range, float });
  return calibrationOf(found);
}

/** The inputs' values of the first samples. */
export function leavesToSee(
  { model, table }: TrainedModel,
  data: AnyDataset,
  samples: number,
): Promise<Leaves> {
  checkPresent('data', data, 'a data set');
  const few = firstPart(samplesOf(data), samples);
  return leavesOf(model, withColumnsOf(few, table, 'the model'));
}

/** As `calibrate`, of samples whose values are known. */
export async function calibrateLeaves(
  { model, weights }: TrainedModel,
  leaves: Leaves,
  {
    range: rule,
    float,
    ranges: given,
  }: Pick<CalibrationData, 'range' | 'float'> & Partial<CalibrationData>,
): Promise<Calibrated> {
  const graph = model.graph(1, 'evaluation');
  checkFloat(graph, 'calibrate', float);
  const walkOf = ({ outputs }: ModelGraph): Walk => walk([...outputs.values()], { float });
  const own = walkOf(graph);
  const { bytes, inner } = placesIn(own);
  const places = [...bytes, ...inner, ...readIn(own)];
  const observe = await createObserver(model, weights, leaves, (one) => {
    const found = walkOf(one);
    const { bytes: held, inner: before } = placesIn(found);
    return [...held, ...before, ...readIn(found)].map(({ tensor }) => tensor);
  });
  const seen = places.map(({ tensor }) => ({
    low: 0,
    high: 0,
    sums: new Float64Array(sizeOf(tensor.shape)),
  }));
  observe((found) => found.forEach((values, i) => look(values, seen[i]!)));
  seen.forEach(({ low, high }, i) => checkSeen(places[i]!, low, high));
  const means = readIn(own).map(({ name }, i): [string, Float64Array] => {
    const { sums } = seen[bytes.length + inner.length + i]!;
    return [name, sums.map((sum) => sum / leaves.count)];
  });
  const calibrated = { samples: leaves.count, range: rule, float, means: new Map(means) };
  // By ranges that a model was trained with, its biases make up for the rounded weights already.
  if (given) return { ...calibrated, ranges: given, means: new Map() };
  const histograms = seen
    .slice(0, bytes.length + inner.length)
    .map(({ low, high }) => createHistogram(low, high));
  observe((found) => histograms.forEach((histogram, i) => count(histogram, found[i]!)));
  const ranges: Record<string, PlaceRange> = {};
  bytes.forEach(({ name }, i) => (ranges[name] = scaleOf(rangeOf(histograms[i]!, rule))));
  for (const [i, { name }] of inner.entries()) {
    const step = own.steps.find((one) => `${one.name}.inner` === name) as ProductStep;
    const y = ranges[step.name]!;
    const histogram = histograms[bytes.length + i]!;
    const results = await valuesOf(step.pointwise!, centresOf(histogram));
    ranges[name] = innerOf(tableRange(histogram, results, y));
  }
  return { ...calibrated, ranges };
}

/** What products read, by their names. */
const readIn = ({ steps }: Walk): Place[] =>
  steps.flatMap((step) => (step.is === 'product' ? [{ name: step.name, tensor: step.x }] : []));

interface Seen {
  low: number;
  high: number;
  readonly sums: Float64Array;
}

/** Adds the values of some samples to what was seen. */
function look(values: Float32Array, seen: Seen): void {
  const { sums } = seen;
  for (let i = 0, feature = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < seen.low) seen.low = value;
    else if (value > seen.high) seen.high = value;
    // Not a number is neither.
    else if (Number.isNaN(value)) seen.high = value;
    sums[feature]! += value;
    if (++feature === sums.length) feature = 0;
  }
}

function checkSeen({ name }: Place, low: number, high: number): void {
  if (Number.isFinite(low) && Number.isFinite(high)) return;
  throw new LanewiseError(
    'data',
    `calibration: the values of '${name}' are from ${low} to ${high}, expected finite ones`,
    'its weights are damaged, or the samples are not finite',
  );
}

/** A function's values, by its own kernel in strict numerics. */
export async function valuesOf(pointwise: Pointwise, at: Float64Array): Promise<Float64Array> {
  if (pointwise.kind === 'clamp')
    return at.map((v) => Math.min(pointwise.high, Math.max(pointwise.low, v)));
  const x = input('x', [1, at.length]);
  const feeds = new Map([[x, Float32Array.from(at)]]);
  const [found] = await evaluate([pointwise.of(x)], feeds, { numerics: 'strict' });
  return Float64Array.from(found!);
}
