/** The file of a sweep, sweep.json: what is tried, and what each setting has reached so far. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { flag, natural, object, oneOf, quote, type Check } from '../../base/check.js';
import {
  amount,
  double,
  fields,
  listed,
  orNull,
  parseJson,
  readAs,
  string,
  tableOf,
} from '../../base/check-json.js';
import { LanewiseError } from '../../base/errors.js';
import { writeFileAtomic } from '../../node/atomic.js';
import { readNamedFile } from '../../node/files.js';
import type { RunDescription } from '../../train/describe-run.js';
import type { EpochRecord } from '../../train/history.js';
import type { SearchSpace, TriedValues } from './search-space.js';

export const SWEEP = 'sweep.json';

/** One setting of a sweep and its run. */
export interface SweepRow {
  /** Its place, from 1, which is also the name of its run's folder in the sweep's. */
  readonly number: number;
  readonly values: TriedValues;
  /**
   * `finished`: trained whole; `dropped`: halving trained others on instead; `diverged`: the loss was not finite; `waiting`:
   * the sweep has not come so far.
   */
  readonly state: 'finished' | 'dropped' | 'diverged' | 'waiting';
  /** The figure that decides, of the validation data; absent for settings that diverged, or have no validation yet. */
  readonly score?: number;
  /** The validation loss, which decides between equal scores. */
  readonly tie?: number;
  /** The epochs so far, with the figures of each. */
  readonly history: readonly EpochRecord[];
  /** Time of its run. */
  readonly seconds: number;
  /** Why it diverged. */
  readonly message?: string;
}

/** What the file holds. */
export interface SweepRecord {
  readonly space: SearchSpace;
  readonly figure: string;
  readonly better: 'higher' | 'lower';
  /** The factor of successive halving; absent without it. */
  readonly halving?: number;
  /** The first setting's run, by which another sweep is recognised. */
  readonly description: RunDescription;
  readonly rows: readonly SweepRow[];
  /** The number of the best setting, and its figures on the test data, once all have ended. */
  readonly best?: number;
  readonly test?: Readonly<Record<string, number>>;
}

const value: Check = (owner, name, found) =>
  typeof found === 'boolean' || typeof found === 'string' ? undefined : double(owner, name, found);
const number = orNull(double, NaN);
const range = fields({ from: double, to: double, 'log?': flag, 'whole?': flag });
const tried: Check = (owner, name, found) =>
  (Array.isArray(found) ? listed(value) : range)(owner, name, found);

const epoch = fields({
  epoch: natural,
  loss: number,
  'accuracy?': number,
  'valLoss?': number,
  'valAccuracy?': number,
  'metrics?': tableOf(number),
  imagesPerSecond: number,
});

const row = fields({
  number: natural,
  values: tableOf(value),
  state: oneOf(['finished', 'dropped', 'diverged', 'waiting']),
  'score?': number,
  'tie?': number,
  history: listed(epoch),
  seconds: amount,
  'message?': string,
});

const record = fields({
  space: tableOf(tried),
  figure: string,
  better: oneOf(['higher', 'lower']),
  'halving?': natural,
  description: object,
  rows: listed(row, 10_000),
  'best?': natural,
  'test?': tableOf(number),
});

/** A larger file is not a sweep of ours. */
const MAX_BYTES = 1 << 28;

/** The sweep in a folder; undefined if there is none. @throws LanewiseError kind 'file' for another file of that name. */
export async function readSweep(folder: string): Promise<SweepRecord | undefined> {
  const path = join(folder, SWEEP);
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.size > MAX_BYTES)
    throw new LanewiseError(
      'file',
      `'${path}' has ${found.size} bytes, expected at most ${MAX_BYTES}`,
    );
  const text = new TextDecoder().decode(await readNamedFile('sweep', path));
  const read = readAs<SweepRecord>(
    'file',
    quote(path),
    '',
    parseJson('file', quote(path), text),
    record,
  );
  const wrong = read.rows.findIndex((one, i) => one.number !== i + 1);
  if (wrong === -1) return read;
  throw new LanewiseError(
    'file',
    `${quote(path)}: setting ${wrong + 1} has the number ${read.rows[wrong]!.number}`,
  );
}

/** Replaces the file, whole or not at all. @throws LanewiseError kind 'file'. */
export const writeSweep = (folder: string, sweep: SweepRecord): Promise<void> =>
  writeFileAtomic(join(folder, SWEEP), Buffer.from(`${JSON.stringify(sweep)}\n`));
