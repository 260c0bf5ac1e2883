/**
 * A run's place as a checkpoint's JSON tells it. The checksum says that a file is as it was written, not by whom: each
 * number is checked before a run believes it.
 */
import { LanewiseError } from '../errors.js';
import type { RunDescription } from './describe-run.js';
import type { Best, EpochRecord } from './records.js';
import { initialState, type RunState, type Totals } from './run-state.js';

/** Version of the metadata `checkpoint`. In the first, updates and the place in the data were one number. */
export const CHECKPOINT_VERSION = 2;

/** The state without weights, and how many steps its epochs have. */
export interface Place {
  readonly state: RunState;
  readonly stepsPerEpoch: number;
  readonly log?: Readonly<Record<string, number>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws LanewiseError kind 'file' for what no run can have written; `name` is the file's, for messages. */
export function readPlace(value: Fields, run: RunDescription, name: string): Place {
  const what = `'${name}': its checkpoint`;
  const { version } = value;
  const { epochs } = run;
  if (version !== CHECKPOINT_VERSION && version !== 1)
    throw refusal(`'${name}' is a checkpoint of version`, version, `1 or ${CHECKPOINT_VERSION}`);
  const stepsPerEpoch = count(value, 'stepsPerEpoch', what);
  if (stepsPerEpoch < 1) throw refusal(`${what}.stepsPerEpoch is`, stepsPerEpoch, 'at least 1');
  if (!(Number.isSafeInteger(epochs) && (epochs as number) > 0))
    throw refusal(`'${name}': its run's epochs are`, epochs, 'a whole number of at least 1');
  const at = `${what}.state`;
  const fields = record(value, 'state', what);
  const step = count(fields, 'step', at);
  const counts = version === 1 ? FIRST : readCounts(fields, step, at);
  const place = step - counts.shift;
  if (!(place >= 0 && place <= (epochs as number) * stepsPerEpoch)) {
    const most = `at most ${(epochs as number) * stepsPerEpoch + counts.shift}, its run's last`;
    throw refusal(`${at}.step is`, step, most);
  }
  const history = readHistory(fields['history'], `${at}.history`);
  if (history.length !== Math.floor(place / stepsPerEpoch)) {
    const expected = `${Math.floor(place / stepsPerEpoch)} at step ${step}`;
    throw refusal(`${at}.history has epochs:`, history.length, expected);
  }
  const { best, stopped, isAveraging } = fields;
  const { log } = value;
  if (typeof isAveraging !== 'boolean')
    throw refusal(`${at}.isAveraging is`, isAveraging, 'true or false');
  if (stopped !== undefined && typeof stopped !== 'string')
    throw refusal(`${at}.stopped is`, stopped, 'a reason');
  return {
    stepsPerEpoch,
    ...(log === undefined ? {} : { log: readLog(record(value, 'log', what), `${what}.log`) }),
    state: {
      step,
      ...counts,
      totals: readTotals(record(fields, 'totals', at), `${at}.totals`),
      history,
      isAveraging,
      averaged:
        version === 1
          ? averagedBefore(run, step, stepsPerEpoch, isAveraging)
          : count(fields, 'averaged', at),
      ...(best === undefined ? {} : { best: readBest(record(fields, 'best', at), `${at}.best`) }),
      misses: count(fields, 'misses', at),
      ...(stopped === undefined ? {} : { stopped }),
      trainingMs: amount(fields, 'trainingMs', at),
      waitingMs: amount(fields, 'waitingMs', at),
    },
  };
}

type Counts = Pick<RunState, 'shift' | 'stretches' | 'optimizerFrom' | 'scheduleFrom'>;

const { shift, stretches, optimizerFrom, scheduleFrom } = initialState;
const FIRST: Counts = { shift, stretches, optimizerFrom, scheduleFrom };

function readCounts(fields: Fields, step: number, at: string): Counts {
  const from = record(fields, 'scheduleFrom', at);
  const optimizer = count(fields, 'optimizerFrom', at);
  if (optimizer > step) throw refusal(`${at}.optimizerFrom is`, optimizer, `at most ${step}`);
  const list = fields['stretches'];
  if (!Array.isArray(list)) throw refusal(`${at}.stretches is`, list, 'a list');
  return {
    shift: whole(fields, 'shift', at),
    optimizerFrom: optimizer,
    scheduleFrom: {
      epochs: count(from, 'epochs', `${at}.scheduleFrom`),
      factor: amount(from, 'factor', `${at}.scheduleFrom`),
    },
    stretches: list.map((one: unknown, i) => {
      const place = `${at}.stretches[${i}]`;
      const each = record({ one }, 'one', place);
      return {
        until: count(each, 'until', place),
        shift: whole(each, 'shift', place),
        stepsPerEpoch: Math.max(1, count(each, 'stepsPerEpoch', place)),
      };
    }),
  };
}

/** What a checkpoint of the first version does not say: an average counted from the run's first step. */
function averagedBefore(
  { average, epochs }: RunDescription,
  step: number,
  stepsPerEpoch: number,
  isAveraging: boolean,
): number {
  if (!isAveraging) return 0;
  const { kind, from, every } = (average ?? {}) as Fields;
  if (kind !== 'swa') return step;
  const late = Math.floor(Number(epochs) * stepsPerEpoch * 0.75);
  if (every === 'step') return Math.max(1, step - Number(from ?? late));
  const first = Number(from ?? Math.floor(late / stepsPerEpoch) + 1);
  return Math.max(1, Math.floor(step / stepsPerEpoch) - Math.max(1, first) + 1);
}

const readTotals = (fields: Fields, at: string): Totals => ({
  loss: finite(fields, 'loss', at),
  ...(fields['hits'] === undefined ? {} : { hits: amount(fields, 'hits', at) }),
  ...(fields['answers'] === undefined ? {} : { answers: amount(fields, 'answers', at) }),
  samples: count(fields, 'samples', at),
  ...(fields['voids'] === undefined ? {} : { voids: amount(fields, 'voids', at) }),
  ms: amount(fields, 'ms', at),
});

const readBest = (fields: Fields, at: string): Best => ({
  step: count(fields, 'step', at),
  epoch: count(fields, 'epoch', at),
  value: figure(fields, 'value', at),
});

function readHistory(value: unknown, at: string): EpochRecord[] {
  if (!Array.isArray(value)) throw refusal(`${at} is`, value, 'a list of epochs');
  return value.map((one: unknown, i): EpochRecord => {
    const place = `${at}[${i}]`;
    const fields = record({ epoch: one }, 'epoch', place);
    if (fields['epoch'] !== i + 1) throw refusal(`${place}.epoch is`, fields['epoch'], `${i + 1}`);
    const figures = ['accuracy', 'valLoss', 'valAccuracy'].flatMap((key) =>
      fields[key] === undefined ? [] : [[key, finite(fields, key, place)] as const],
    );
    const { metrics } = fields;
    return {
      epoch: i + 1,
      loss: finite(fields, 'loss', place),
      ...Object.fromEntries(figures),
      ...(metrics === undefined
        ? {}
        : { metrics: readMetrics(record(fields, 'metrics', place), place) }),
      imagesPerSecond:
        fields['imagesPerSecond'] === null ? Infinity : amount(fields, 'imagesPerSecond', place),
    };
  });
}

const readMetrics = (fields: Fields, at: string): Record<string, number> =>
  Object.fromEntries(Object.keys(fields).map((key) => [key, figure(fields, key, `${at}.metrics`)]));

function record(fields: Fields, key: string, at: string): Fields {
  const value = fields[key];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw refusal(`${at}.${key} is`, value, 'an object');
}

function count(fields: Fields, key: string, at: string): number {
  const value = fields[key];
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw refusal(`${at}.${key} is`, value, 'a whole number of at least 0');
}

function whole(fields: Fields, key: string, at: string): number {
  const value = fields[key];
  if (Number.isSafeInteger(value)) return value as number;
  throw refusal(`${at}.${key} is`, value, 'a whole number');
}

function amount(fields: Fields, key: string, at: string): number {
  const value = finite(fields, key, at);
  if (value >= 0) return value;
  throw refusal(`${at}.${key} is`, value, 'at least 0');
}

function finite(fields: Fields, key: string, at: string): number {
  const value = fields[key];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw refusal(`${at}.${key} is`, value, 'a number');
}

/** A metric may be NaN, such as the AUC of a class without samples, which JSON writes as null. */
const figure = (fields: Fields, key: string, at: string): number =>
  fields[key] === null ? NaN : finite(fields, key, at);

const refusal = (what: string, found: unknown, expected: string): LanewiseError =>
  new LanewiseError('file', `${what} ${JSON.stringify(found) ?? 'missing'}, expected ${expected}`);

/** Sums of the log's next line. */
const readLog = (fields: Fields, at: string): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.keys(fields).map((key) => [key, finite(fields, key, at)]));
