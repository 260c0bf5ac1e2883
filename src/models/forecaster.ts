/**
 * Nets that forecast the next values of series, all steps of the horizon at once. Each begins at the last value of the
 * window and adds what it has learned of the changes since (NLinear of Zeng et al. 2023, "Are transformers effective for
 * time series forecasting?"), so that a level that was never seen is no difficulty. The recurrent ones add a linear
 * forecast and that of an LSTM or GRU, as LSTNet does (Lai et al. 2018).
 */
import {
  checkOptions,
  extent,
  finite,
  listOf,
  numberAbove,
  numberIn,
  oneOf,
  required,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import {
  add,
  concat,
  dropout,
  flatten,
  functional,
  gru,
  input,
  linear,
  lstm,
  permute,
  relu,
  rescale,
  reshape,
  slice,
  subtract,
  type Layer,
  type Model,
  type Wire,
} from '../layers/index.js';

/** Settings of `forecaster`. */
export interface ForecasterOptions {
  /** Rows of a window. */
  readonly window: number;
  /** Rows to forecast; default 1. */
  readonly horizon?: number;
  /** Columns to forecast, the first of a window's; default 1. */
  readonly targets?: number;
  /** Columns of a window; default the targets alone. */
  readonly columns?: number;
  /** Columns of the horizon that are known in advance, the last of a window's; default 0. */
  readonly known?: number;
  /** What forecasts besides the last value: a linear map of the window (default), and a recurrent layer. */
  readonly cell?: 'linear' | 'lstm' | 'gru';
  /** Units of the recurrent layer; default 32. */
  readonly hidden?: number;
  /** Rate of dropped units behind the recurrent layer; default 0. */
  readonly dropout?: number;
  /** Mean and deviation of each column of a window, to scale them; default 0 and 1. */
  readonly mean?: readonly number[];
  readonly deviation?: readonly number[];
}

const cells = { lstm, gru } as const;

/** Features for each step of the horizon, which meet what is known of it. */
const STEP_FEATURES = 16;

/**
 * Takes `input` [window, columns] and, with columns known in advance, `future` [horizon, known], in the rows' own units,
 * and gives [horizon, targets] in the targets': windows as `seriesDataset` makes them.
 * @throws LanewiseError kind 'argument' for settings out of range.
 */
export function forecaster(options: ForecasterOptions): Model {
  checkOptions('forecaster', options, {
    window: required(extent),
    horizon: extent,
    targets: extent,
    columns: extent,
    known: (owner, name, value) => value === 0 || extent(owner, name, value),
    cell: oneOf(['linear', 'lstm', 'gru']),
    hidden: extent,
    dropout: numberIn(0, 1),
    mean: listOf(finite),
    deviation: listOf(numberAbove(0)),
  });
  const { window, horizon = 1, targets = 1, known = 0, cell = 'linear' } = options;
  const { columns = targets + known } = options;
  checkColumns(columns, targets + known);
  const { mean, deviation } = scalesOf(columns, options);
  const past = input([window, columns]);
  const future = known > 0 ? input([horizon, known]) : undefined;
  const ownScale = (from: number, to?: number) => ({
    mean: mean.slice(from, to).map((m, i) => -m / deviation[from + i]!),
    deviation: deviation.slice(from, to).map((d) => 1 / d),
  });
  const scaled = rescale(ownScale(0))(past);
  const series = columns > targets ? slice(2, 0, targets)(scaled) : scaled;
  const last = slice(1, window - 1)(series);
  const changes = subtract(series, last);
  const others = columns > targets ? slice(2, targets)(scaled) : undefined;
  const ahead = future && rescale(ownScale(columns - known))(future);
  const shape = { window, horizon, targets, known, others: columns - targets };
  const layers: Record<string, Layer> = {};
  const named = (name: string, layer: Layer): Layer => (layers[name] = layer);
  const parts = linearParts(named, shape, changes, others, ahead);
  if (cell !== 'linear')
    parts.push(recurrentPart(named, shape, cell, options, changes, others, ahead));
  const output = rescale({ mean: mean.slice(0, targets), deviation: deviation.slice(0, targets) })(
    add(last, ...parts),
  );
  return functional({
    inputs: { input: past, ...(future ? { future } : {}) },
    outputs: output,
    layers,
  });
}

interface Extents {
  readonly window: number;
  readonly horizon: number;
  readonly targets: number;
  readonly known: number;
  /** Columns of a window that are no targets. */
  readonly others: number;
}

type Name = (name: string, layer: Layer) => Layer;

/** Linear maps N×horizon×targets: of each target's window by itself, of the other columns, of what is known ahead. */
function linearParts(
  named: Name,
  { window, horizon, targets, known, others: count }: Extents,
  changes: Wire,
  others: Wire | undefined,
  ahead: Wire | undefined,
): Wire[] {
  const turn = permute([0, 2, 1]);
  const own = turn(named('linear', linear(window, horizon))(turn(changes)));
  const parts = [own];
  if (others && count > known) {
    const flat = flatten()(slice(2, 0, count - known)(others));
    const map = named(
      'others',
      linear(window * (count - known), horizon * targets, { bias: false }),
    );
    parts.push(reshape([horizon, targets])(map(flat)));
  }
  if (ahead) parts.push(named('known', linear(known, targets, { bias: false }))(ahead));
  return parts;
}

/** The states of a recurrent layer at the window's end, each step's features of them, and what is known of that step. */
function recurrentPart(
  named: Name,
  { horizon, targets, known, others: count }: Extents,
  cell: 'lstm' | 'gru',
  { hidden = 32, dropout: rate = 0 }: ForecasterOptions,
  changes: Wire,
  others: Wire | undefined,
  ahead: Wire | undefined,
): Wire {
  const sequence = others ? concat({ axis: 2 })(changes, others) : changes;
  const states = cells[cell](targets + count, hidden, { returns: 'last' });
  const kept = dropout(rate)(named('rnn', states)(sequence));
  if (!ahead)
    return reshape([horizon, targets])(named('head', linear(hidden, horizon * targets))(kept));
  const steps = reshape([horizon, STEP_FEATURES])(
    named('steps', linear(hidden, horizon * STEP_FEATURES))(kept),
  );
  const joined = concat({ axis: 2 })(steps, ahead);
  const mixed = relu(named('mixed', linear(STEP_FEATURES + known, 2 * STEP_FEATURES))(joined));
  return named('head', linear(2 * STEP_FEATURES, targets))(mixed);
}

function checkColumns(columns: number, least: number): void {
  if (columns >= least) return;
  throw new LanewiseError(
    'argument',
    `forecaster: columns is ${columns}, expected at least ${least}, those of the targets and those known in advance`,
  );
}

/** Mean and deviation of each column. @throws LanewiseError kind 'argument' for lists of another length. */
function scalesOf(columns: number, { mean, deviation }: ForecasterOptions) {
  for (const [name, list] of Object.entries({ mean, deviation }))
    if (list && list.length !== columns)
      throw new LanewiseError(
        'argument',
        `forecaster: ${name} has ${list.length} numbers, expected one for each of the ${columns} columns of a window`,
      );
  return {
    mean: mean ?? Array.from({ length: columns }, () => 0),
    deviation: deviation ?? Array.from({ length: columns }, () => 1),
  };
}
