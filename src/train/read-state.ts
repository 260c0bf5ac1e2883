/**
 * A run's place, read from a checkpoint's JSON. The checksum proves that a file is as it was written, not who wrote it,
 * so each number is checked before a run relies on it.
 */
import { amount, double, fields, listed, orNull, readAs, tableOf } from '../base/check-json.js';
import {
  extent,
  flag,
  listOf,
  natural,
  oneOf,
  text,
  whole,
  wholeFrom,
  type Check,
} from '../base/check.js';
import type { RunDescription } from './describe-run.js';
import { initialState, type RunState } from './run-state.js';

/** Version of the metadata `checkpoint`. Version 1 had one number for updates and the place in the data. */
export const CHECKPOINT_VERSION = 2;

/** The state without weights, and the steps of its epochs. */
export interface Place {
  readonly state: RunState;
  readonly stepsPerEpoch: number;
  readonly log?: Readonly<Record<string, number>>;
}

/** A metric may be NaN, such as the AUC of a class without samples. */
const figure = /* @__PURE__ */ orNull(double, NaN);

const EPOCH = /* @__PURE__ */ fields({
  epoch: natural,
  loss: double,
  'accuracy?': double,
  'valLoss?': double,
  'valAccuracy?': double,
  'metrics?': /* @__PURE__ */ tableOf(figure),
  imagesPerSecond: /* @__PURE__ */ orNull(amount, Infinity),
});

/** Counts that version 1 lacks, with their values there. */
const COUNTS = {
  shift: whole,
  optimizerFrom: natural,
  scheduleFrom: /* @__PURE__ */ fields({ epochs: natural, factor: amount }),
  stretches: /* @__PURE__ */ listed(
    /* @__PURE__ */ fields({ until: natural, shift: whole, stepsPerEpoch: extent }),
  ),
};
const { shift, optimizerFrom, scheduleFrom, stretches } = initialState;
const FIRST = { shift, optimizerFrom, scheduleFrom, stretches };

const STATE = {
  totals: /* @__PURE__ */ fields({
    loss: double,
    'hits?': amount,
    'answers?': amount,
    samples: natural,
    'voids?': amount,
    ms: amount,
  }),
  history: /* @__PURE__ */ listed(EPOCH),
  isAveraging: flag,
};

const REST = {
  'best?': /* @__PURE__ */ fields({ step: natural, epoch: natural, value: figure }),
  misses: natural,
  'stopped?': text,
  trainingMs: amount,
  waitingMs: amount,
};

type Fields = Readonly<Record<string, unknown>>;

/** @throws LanewiseError kind 'file' for a state that no run can have written; `name` is the file's, for messages. */
export function readPlace(value: Fields, run: RunDescription, name: string): Place {
  const owner = `'${name}'`;
  readAs('file', owner, 'its checkpoint.version', value['version'], oneOf([1, CHECKPOINT_VERSION]));
  const isFirst = value['version'] === 1;
  const { epochs } = readAs<{ readonly epochs: number }>(
    'file',
    owner,
    "its run's description",
    run,
    fields({ epochs: extent }),
  );
  const place = readAs<Place>(
    'file',
    owner,
    'its checkpoint',
    value,
    fields({
      stepsPerEpoch: extent,
      'log?': tableOf(double),
      state: fields({
        step: natural,
        ...(isFirst ? {} : COUNTS),
        ...STATE,
        ...(isFirst ? {} : { averaged: natural }),
        ...REST,
      }),
    }),
  );
  const state: RunState = { ...(isFirst ? FIRST : {}), ...place.state };
  checkPlace({ ...place, state }, epochs, owner);
  if (!isFirst) return place;
  const averaged = averagedBefore(run, state.step, place.stepsPerEpoch, state.isAveraging);
  return { ...place, state: { ...state, averaged } };
}

/** Checks that the numbers agree with one another. */
function checkPlace({ state, stepsPerEpoch }: Place, epochs: number, owner: string): void {
  const { step, history, optimizerFrom: from } = state;
  const at = 'its checkpoint.state';
  const past = epochs * stepsPerEpoch + state.shift;
  const check = (field: string, value: unknown, is: Check) =>
    readAs('file', owner, `${at}.${field}`, value, is);
  check('step', step, wholeFrom(Math.max(0, state.shift), past));
  check('optimizerFrom', from, wholeFrom(0, step));
  const done = Math.floor((step - state.shift) / stepsPerEpoch);
  check(
    'history',
    history,
    listOf(() => undefined, done, done),
  );
  history.forEach(({ epoch }, i) => check(`history[${i}].epoch`, epoch, wholeFrom(i + 1, i + 1)));
}

/** What a version 1 checkpoint leaves out: its averages counted from the run's first step. */
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
