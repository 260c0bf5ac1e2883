/** Intervals that hold the share they claim: conformal calibration by samples that a model was not trained on. */
import { machineParallelism } from '#platform/threads';
import { log } from '../base/arithmetic.js';
import { LanewiseError } from '../base/errors.js';
import { intervalReader, levelOf, widthOfSpread, type Spread } from '../base/spread.js';
import type { AnyDataset, Field } from '../data/dataset.js';
import { readAll } from '../crew/load.js';
import { samplesOf } from '../data/forms.js';
import { targetNamed, type Samples } from '../data/samples.js';
import { withColumnsOf } from '../data/table-tools.js';
import { hasClasses } from '../data/target-names.js';
import { rebuild, type Architecture } from '../layers/index.js';
import { targetOf, type LossTerm } from '../losses/terms.js';
import { checkTrained } from './check-weights.js';
import { numericsOf, outputsOf } from './feature-extraction.js';
import { createTrainedModel, type TrainedModel } from './trained-model.js';

/** Shares are not exact in binary: 0.95 − 0.05 is a little less than 0.9. */
const ROUNDING = 1e-9;

/** The samples by which intervals of this level can be calibrated at all: with fewer of them none is wide enough. */
export const fewestFor = (level: number): number =>
  Math.max(1, Math.ceil(level / (1 - level) - ROUNDING));

/** @throws LanewiseError kind 'data' for fewer samples than a level takes, with the way out. */
export function checkEnough(
  level: number,
  { count, name }: Pick<Samples, 'count' | 'name'>,
  way = 'give more samples, or train for a lower level',
): void {
  const fewest = fewestFor(level);
  if (count >= fewest) return;
  const percent = Number((100 * level).toPrecision(6));
  throw new LanewiseError(
    'data',
    `intervals of ${percent} % are calibrated by at least ${fewest} samples that are not trained on, and '${name}' has ${count}`,
    way,
  );
}

/** The finite-sample quantile: the ⌈(n + 1)·level⌉th of n values. */
const rankedAt = (values: readonly number[], level: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil((values.length + 1) * level - ROUNDING) - 1]!;

/** Float32 rounds what is added, by at most this share of the largest number. */
const QUANTUM = 2 ** -22;

/** One value of an output: what it says of each sample, and the truth. */
interface OfValue {
  /** The number `at` of the value's scores, before the loss orders or bounds them. */
  score(row: number, at: number): number;
  truth(row: number): number;
  /** The samples whose truth is known. */
  readonly rows: readonly number[];
  /** The unit of the loss. */
  readonly scale: number;
}

/** What is added to the scores of one value, one number a score. */
type Shifts = (value: OfValue, level: number) => number[];

/**
 * Romano, Patterson & Candès 2019: how far truths lie outside of their intervals, below 0 for those inside. The outer
 * quantiles move apart by it. Sorting the moved quantiles makes intervals no smaller.
 */
const ofQuantiles =
  (width: number): Shifts =>
  ({ score, truth, rows }, level) => {
    const outside = rows.map((row) =>
      Math.max(score(row, 0) - truth(row), truth(row) - score(row, width - 1)),
    );
    const largest = rows.reduce(
      (most, row) => Math.max(most, Math.abs(score(row, 0)), Math.abs(score(row, width - 1))),
      0,
    );
    const by = rankedAt(outside, level) + QUANTUM * largest;
    return Array.from({ length: width }, (_, i) => (i === 0 ? -by : i === width - 1 ? by : 0));
  };

/** The least that a logarithm of a variance moves, so that rounding leaves no truth just outside. */
const LEAST_MOVE = 2 ** -18;

/**
 * Split conformal prediction with residuals in units of the predicted deviation (Lei et al. 2018): what has to be added to
 * the logarithm of the variance. The bound below it only makes intervals wider.
 */
const ofNormal =
  (spread: Spread): Shifts =>
  ({ score, truth, rows, scale }, level) => {
    // The interval's half width in deviations.
    const z = intervalReader(spread)([0, 1], 0).high;
    const needed = rows.map((row) => {
      const distance = Math.abs(truth(row) - score(row, 0)) / (z * scale);
      return distance === 0 ? -Infinity : 2 * log(distance) - score(row, 1);
    });
    const by = rankedAt(needed, level) + LEAST_MOVE;
    return [0, Number.isFinite(by) ? by : 0];
  };

/** Fewer samples are scored sooner than threads have started. */
const FEW = 4096;

/** What is added to each number of a term's output. */
async function shiftsOf(trained: TrainedModel, term: LossTerm, data: Samples): Promise<number[]> {
  const { model, weights } = trained;
  const spread = term.loss.spread!;
  const field = numbersFor(term, data);
  const { values: scores } = await outputsOf(model, weights, data, term.output, {
    numerics: numericsOf(trained),
    workers: data.count < FEW ? 0 : machineParallelism(),
  });
  const width = widthOfSpread(spread);
  const count = field.values.length / data.count;
  const shape = model.outputs.get(term.output)!;
  if (shape.at(-1) !== count * width)
    throw new LanewiseError(
      'argument',
      `calibrateIntervals: output '${term.output}' has the shape ${shape.join('×')}, expected its ${count * width} numbers on the last axis`,
      'flatten() brings them there',
    );
  const level = Number(levelOf(spread).toPrecision(12));
  const scale = term.loss.settings['scale'] as number | readonly number[] | undefined;
  const shifts = 'quantiles' in spread ? ofQuantiles(width) : ofNormal(spread);
  return Array.from({ length: count }, (_, c) => {
    const truth = (row: number) => field.values[row * count + c]!;
    const rows = Array.from({ length: data.count }, (__, row) => row).filter((row) =>
      Number.isFinite(truth(row)),
    );
    checkEnough(level, { count: rows.length, name: data.name });
    return shifts(
      {
        rows,
        truth,
        score: (row, at) => scores[(row * count + c) * width + at]!,
        scale: typeof scale === 'object' ? scale[c]! : (scale ?? 1),
      },
      level,
    );
  }).flat();
}

/** The target's numbers. @throws LanewiseError kind 'data' unless the data has them. */
function numbersFor(term: LossTerm, data: Samples): Field {
  const name = targetOf(term);
  const field = targetNamed(data, name, term.output);
  if (field && !hasClasses(field) && data.count > 0 && field.values.length >= data.count)
    return field;
  throw new LanewiseError(
    'data',
    `calibrateIntervals: data set '${data.name}' has no numbers for the target '${name}', expected those that the model predicts`,
  );
}

/** The architecture with numbers added to an output: by the layer `rescale` that it comes from, or by a new one. */
function withShifts(
  { layers, outputs, inputs }: Architecture,
  output: string,
  shifts: readonly number[],
): Architecture {
  const from = outputs[output]!;
  const last = layers.find(({ name }) => name === from);
  const isRead =
    layers.some((layer, i) => (layer.inputs ?? [layers[i - 1]?.name]).includes(from)) ||
    Object.entries(outputs).some(([name, other]) => name !== output && other === from);
  if (last?.kind === 'rescale' && !isRead) {
    const mean = last.settings['mean'] as number | readonly number[];
    const moved = shifts.map((by, i) => (typeof mean === 'number' ? mean : mean[i]!) + by);
    const settings = { ...last.settings, mean: moved };
    return { inputs, outputs, layers: layers.with(layers.indexOf(last), { ...last, settings }) };
  }
  const taken = new Set([...layers.map(({ name }) => name), ...Object.keys(inputs)]);
  let name = `${output}Calibrated`;
  while (taken.has(name)) name += '_';
  const settings = { mean: shifts, deviation: 1 };
  return {
    inputs,
    layers: [...layers, { name, kind: 'rescale', settings, inputs: [from] }],
    outputs: { ...outputs, [output]: name },
  };
}

/**
 * The model with intervals that hold their share of new samples: those of `data`, on which the model must not have been
 * trained, say how much wider (or narrower) intervals have to be. With n of them, new samples of the same kind lie inside
 * with a probability of at least the level, and at most 1/(n + 1) more, whatever the net has learned and however its errors
 * are distributed. The outer quantiles of `quantile` move apart by one number a target, in the target's unit (conformalized
 * quantile regression: Romano, Patterson & Candès 2019); the deviations of `gaussian` are multiplied by one (split
 * conformal prediction with scaled residuals: Lei et al. 2018). The weights stay, and so does their hash; what changes
 * are the fixed numbers of the last layer, `rescale`, which is added if there is none, so that files and programs have
 * it.
 * @throws LanewiseError kind 'argument' for a model without intervals; kind 'data' for data without the target's numbers,
 * and for fewer than level/(1 − level) samples, by which no interval is wide enough.
 */
export async function calibrateIntervals(
  trained: TrainedModel,
  data: AnyDataset,
): Promise<TrainedModel> {
  checkTrained('calibrateIntervals', trained);
  const { model, terms, numerics, weights, ...others } = trained;
  const { givesProbabilities: _g, sha256: _s, predict: _p, evaluate: _e, ...description } = others;
  const given = samplesOf(data);
  // A stream gives its targets only while it is read.
  const loaded = given.source?.open ? await readAll(given) : given;
  const samples = withColumnsOf(loaded, description.table, 'the model');
  const known = terms.filter(({ loss }) => loss.spread && levelOf(loss.spread) > 0);
  if (known.length === 0)
    throw new LanewiseError(
      'argument',
      'calibrateIntervals: the model predicts no intervals',
      'train it with the loss quantile() or gaussian()',
    );
  let { architecture } = model;
  for (const term of known)
    architecture = withShifts(architecture, term.output, await shiftsOf(trained, term, samples));
  return createTrainedModel(rebuild(architecture), terms, numerics, weights, description);
}
