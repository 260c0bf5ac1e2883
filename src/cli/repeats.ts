/**
 * The same training several times, for `--folds` and `--seeds`: each run in a folder of its own, so that finished ones are not
 * done again, and a table of them all with mean and deviation.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { makeFolder, writeFileAtomic } from '../node/atomic.js';
import { JUDGEMENT, METRICS } from '../runs/folder.js';
import { isFinished } from './free-folder.js';
import { repeatLines, repeatsRecord, type RepeatResult } from './repeat-table.js';
import { seriesRequest } from './series-options.js';
import type { Fold } from './split-rule.js';
import type { TrainOptions } from './train-options.js';

/** One of the runs. */
export interface Repeat {
  /** Its folder in that of all: `fold-2`, `seed-3`, `seed-3-fold-2`. */
  readonly name: string;
  readonly seed: number;
  readonly fold?: Fold;
}

/** The runs that options ask for: of each seed from --seed on, and in it of each fold; one if neither is given. */
export function repeatsOf({ folds, seeds, seed }: TrainOptions): Repeat[] {
  const all = Array.from({ length: seeds ?? 1 }, (_, s) => seed + s);
  return all.flatMap((one) => {
    const before = seeds === undefined ? '' : `seed-${one}`;
    if (folds === undefined) return [{ name: before, seed: one }];
    return Array.from({ length: folds }, (_, fold) => ({
      name: [before, `fold-${fold + 1}`].filter(Boolean).join('-'),
      seed: one,
      fold: { k: folds, fold },
    }));
  });
}

/** `5-folds`, `3-seeds-of-5-folds`: what a folder of runs is called. More seeds can be added to the same folder. */
export const repeatsName = ({ folds, seeds }: TrainOptions): string =>
  [seeds === undefined ? '' : 'seeds', folds === undefined ? '' : `${folds}-folds`]
    .filter(Boolean)
    .join('-of-');

/** @throws LanewiseError kind 'argument' for options that do not go with several runs. */
export function checkRepeats(options: TrainOptions): void {
  const { folds, holdout } = options;
  if (folds !== undefined && seriesRequest(options).series)
    throw new LanewiseError(
      'argument',
      `--folds ${folds} of a series: each fold but the last would be forecast from rows that come later`,
      'leave --folds out; --seeds repeats the run with other initial weights, and --holdout says how much of the time is for tests',
    );
  if (folds !== undefined && holdout !== undefined)
    throw new LanewiseError(
      'argument',
      `--holdout ${holdout} and --folds ${folds} are both given, expected one of them`,
      'each fold is the test part of one run',
    );
}

/** The options on which results depend: all but these. */
const WITHOUT_EFFECT: readonly (keyof TrainOptions)[] = [
  'workers',
  'decoders',
  'maxMemory',
  'json',
  'report',
  'resume',
  'fresh',
  'override',
  'out',
  'checkpointSteps',
  'checkpointMinutes',
  'seeds',
  'cluster',
  'credentials',
  'minWorkers',
  'check',
  'deadline',
  'share',
  'insecure',
];

const RECORD = 'repeats.json';

/** The model and the options as text, the same for the same results. */
function wordsOf(model: string, options: TrainOptions): string {
  const given = Object.entries(options)
    .filter(([name, value]) => !WITHOUT_EFFECT.includes(name as never) && value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([model, given]);
}

/** @throws LanewiseError kind 'argument' for a folder with runs of other options. */
async function checkSame(folder: string, words: string): Promise<void> {
  const text = await readFile(join(folder, RECORD), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  let before: unknown;
  try {
    before = (JSON.parse(text) as { readonly options?: unknown } | null)?.options;
  } catch {
    before = undefined;
  }
  if (before === words) return;
  throw new LanewiseError(
    'argument',
    `'${folder}' holds runs of other options, whose figures are not comparable`,
    '--out names another folder, --fresh does all of them again',
  );
}

/** What runs need: how one is trained, and where lines go. */
export interface Repeating {
  readonly model: string;
  readonly folder: string;
  readonly options: TrainOptions;
  /** Trains one; resolves to false if it was interrupted. */
  train(repeat: Repeat, options: TrainOptions): Promise<boolean>;
  say(line: string): void;
  tell(record: object): void;
}

/** Trains what is not finished, and shows all. Resolves to false if it was interrupted. */
export async function runRepeats(how: Repeating): Promise<boolean> {
  const { model, folder, options } = how;
  const repeats = repeatsOf(options);
  const words = wordsOf(model, options);
  if (!options.fresh) await checkSame(folder, words);
  await makeFolder(folder);
  await saveRecord(folder, { version: 1, options: words });
  const results: RepeatResult[] = [];
  for (const [i, repeat] of repeats.entries()) {
    const own = join(folder, repeat.name);
    const title = `${repeat.name} (${i + 1} of ${repeats.length})`;
    const isDone = !options.fresh && (await isFinished(own)) && existsSync(join(own, JUDGEMENT));
    if (!isDone) {
      how.say(`${title}: training in ${own}`);
      const { resume, fresh } = await wayOn(own, options);
      const one = { ...options, out: own, seed: repeat.seed, resume, fresh };
      if (!(await how.train(repeat, one))) return false;
    }
    const result = await resultIn(own, repeat);
    how.say(`${title}: ${isDone ? 'finished before, ' : ''}${repeatLines.one(result)}`);
    results.push(result);
  }
  const record = repeatsRecord(results);
  await saveRecord(folder, { version: 1, options: words, ...record });
  how.tell({ event: 'repeats', folder, ...record });
  for (const line of repeatLines.all(results, folder)) how.say(line);
  return true;
}

/** An unfinished run is gone on with; one that finished without being judged is done again. */
async function wayOn(folder: string, { fresh = false }: TrainOptions) {
  if (fresh || (await isFinished(folder))) return { resume: false, fresh: true };
  return { resume: existsSync(join(folder, METRICS)), fresh: false };
}

const saveRecord = (folder: string, record: object): Promise<void> =>
  writeFileAtomic(join(folder, RECORD), Buffer.from(`${JSON.stringify(record)}\n`));

/** @throws LanewiseError kind 'data' for a run that was not judged. */
async function resultIn(folder: string, { name, seed, fold }: Repeat): Promise<RepeatResult> {
  const path = join(folder, JUDGEMENT);
  try {
    const judged = JSON.parse(await readFile(path, 'utf8')) as Pick<
      RepeatResult,
      'figure' | 'better' | 'value' | 'samples' | 'baselines'
    >;
    const { figure, better, value, samples, baselines } = judged;
    if (typeof figure === 'string' && typeof value === 'number' && Array.isArray(baselines))
      return {
        name,
        seed,
        ...(fold ? { fold: fold.fold + 1 } : {}),
        figure,
        better,
        value,
        samples,
        baselines,
      };
  } catch {
    // Reported below.
  }
  throw new LanewiseError(
    'data',
    `'${path}' does not hold the figures of a run`,
    '--fresh does all of them again',
  );
}
