/**
 * The importance of a table's columns by permutation (Breiman 2001): how much worse the model is on rows whose values of
 * one column are dealt out anew, which leaves the column as it is and takes its connection with the others.
 */
import { samplesAt } from '../../data/chosen.js';
import { permutation } from '../../data/shuffle.js';
import { labelsIn, type Samples } from '../../data/samples.js';
import { widthOf } from '../../data/write-cell.js';
import { predictedClasses } from '../../metrics/summary.js';
import { rootMeanSquaredError } from '../../metrics/value-metrics.js';
import { randomStream } from '../../random/philox.js';
import { purpose } from '../../random/purposes.js';
import type { TrainedModel } from '../../trained/trained-model.js';
import { labelNames, numbersOf, valuesSeen, wrongLabels } from './answers-seen.js';
import type { Importance } from './evaluation.js';

const MAX_ROWS = 1000;
const MAX_COLUMNS = 64;
const DEALS = 5;
/** Numbers that all permuted rows may have together. */
const MAX_NUMBERS = 2 ** 26;

/** Columns by their importance, the greatest first; undefined for samples that are not rows of a table. */
export async function importanceOf(
  trained: TrainedModel,
  data: Samples,
): Promise<readonly Importance[] | undefined> {
  const columns = data.table?.columns.slice(0, MAX_COLUMNS);
  const inputs = Object.entries(data.inputs);
  if (!columns || inputs.length !== 1 || data.source || data.count < 2) return undefined;
  const figure = figureOf(trained, data);
  if (!figure) return undefined;
  const rows = await someRows(data);
  const [name, { values }] = Object.entries(rows.inputs)[0]!;
  const width = values.length / rows.count;
  if (!(values instanceof Float32Array) || columns.length * DEALS * values.length > MAX_NUMBERS)
    return undefined;
  const worse = async (changed: Float32Array) =>
    figure(rows, await scoresOf(trained, rows, name, changed));
  const base = await worse(values);
  const found: Importance[] = [];
  let first = 0;
  for (const [place, column] of columns.entries()) {
    const size = widthOf(column);
    const rises: number[] = [];
    for (let deal = 0; deal < DEALS; deal++) {
      const order = permutation(rows.count, randomStream(place, purpose.importance, deal));
      rises.push((await worse(dealt(values, width, first, size, order))) - base);
    }
    found.push({ column: column.name, ...summary(rises) });
    first += size;
  }
  return found.toSorted((a, b) => b.rise - a.rise);
}

/** Every nth row. */
function someRows(data: Samples): Promise<Samples> {
  const count = Math.min(MAX_ROWS, data.count);
  return samplesAt(
    data,
    Array.from({ length: count }, (_, i) => Math.floor((i * data.count) / count)),
  );
}

type Figure = (rows: Samples, scores: Float32Array) => number;

/** The share of wrong classes or labels, or the root of the mean squared error; undefined for other answers. */
function figureOf(trained: TrainedModel, data: Samples): Figure | undefined {
  if (labelsIn(data))
    return (rows, scores) => {
      const labels = labelsIn(rows)!;
      const predictions = predictedClasses(scores, scores.length / rows.count);
      return predictions.reduce((sum, c, i) => sum + Number(c !== labels[i]), 0) / rows.count;
    };
  if (labelNames(data)) return wrongLabels;
  if (!numbersOf(trained, data)) return undefined;
  return (rows, scores) => {
    const seen = valuesSeen(trained, rows, scores) ?? [];
    const each = seen.map(({ truths, values }) => rootMeanSquaredError(truths, values));
    return each.reduce((a, b) => a + b, 0) / each.length;
  };
}

async function scoresOf(
  trained: TrainedModel,
  rows: Samples,
  name: string,
  values: Float32Array,
): Promise<Float32Array> {
  const { shape } = rows.inputs[name]!;
  return (await trained.predict(values, shape)).scores;
}

/** The rows with one column's features taken from the rows in `order`. */
function dealt(
  values: Float32Array,
  width: number,
  first: number,
  size: number,
  order: Uint32Array,
): Float32Array {
  const changed = values.slice();
  order.forEach((from, row) =>
    changed.set(
      values.subarray(from * width + first, from * width + first + size),
      row * width + first,
    ),
  );
  return changed;
}

function summary(rises: readonly number[]): Pick<Importance, 'rise' | 'deviation'> {
  const rise = rises.reduce((a, b) => a + b, 0) / rises.length;
  const squares = rises.reduce((sum, one) => sum + (one - rise) ** 2, 0);
  return { rise, deviation: Math.sqrt(squares / rises.length) };
}
