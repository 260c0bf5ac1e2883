/**
 * A sweep: the same training with several settings, each a run in a folder of its own, chosen between by their validation
 * data. What each has reached is in the sweep's file, so that a sweep killed at any moment goes on where it was.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { machineParallelism } from '#platform/threads';
import { LanewiseError } from '../../base/errors.js';
import { ensureWritableFolder } from '../../node/atomic.js';
import { describeRun } from '../../train/describe-run.js';
import { loadModel } from '../../trained/model-store.js';
import { MODEL, REPORT } from '../folder.js';
import { lockFolder } from '../lock.js';
import { epochsIn, promoted, roundsOf } from './halving.js';
import { compareScores, ranked, scoreAfter, type Judge, type Score } from './setting-scores.js';
import type { SearchSpace } from './search-space.js';
import { readSweep, SWEEP, writeSweep, type SweepRecord, type SweepRow } from './sweep-file.js';
import {
  goOn,
  judgeOf,
  ofSetting,
  plannedOf,
  settingsToTry,
  waiting,
  type Make,
  type Planned,
  type SweepOptions,
} from './sweep-plan.js';
import { trainUntil, type Reached } from './sweep-setting.js';

/** The table of a sweep. */
export interface SweepResult {
  /** All settings, the best first: those that trained whole, then those dropped later, each by score; diverged ones last. */
  readonly rows: readonly SweepRow[];
  /** The first of them; absent if none has trained whole. */
  readonly best?: SweepRow;
  readonly figure: string;
  readonly better: 'higher' | 'lower';
  /** Loss, and accuracy if known, of the best setting's model on the test data. */
  readonly test?: Readonly<Record<string, number>>;
  /** The path of the report. */
  readonly report?: string;
  /** Whether the signal stopped it. */
  readonly interrupted: boolean;
}

interface Plan {
  readonly make: Make;
  readonly options: SweepOptions;
  readonly planned: readonly Planned[];
  readonly judge: Judge;
  readonly factor: number;
  readonly rounds: number;
  record: SweepRecord;
}

/**
 * Trains what `make` gives for each setting of `space`, keeps every run in a folder, and chooses by the validation data. Every
 * setting is checked before the first one trains. The result is a function of what is tried, the seed and the runs, except
 * for times: neither `jobs` nor workers matter, nor whether the sweep was killed and called again.
 * @throws LanewiseError kind 'argument' for bad options, for a setting that `train` refuses, and for a folder that holds
 * another sweep; kind 'file' if the folder cannot be written or is in use. A setting that diverges is a row, not an error.
 */
export async function runSweep(
  space: SearchSpace,
  make: Make,
  options: SweepOptions,
): Promise<SweepResult> {
  const settings = settingsToTry(space, make, options);
  const { folder, fresh = false, report = true } = options;
  const planned: Planned[] = [];
  for (const [i, values] of settings.entries()) planned.push(await plannedOf(make, values, i + 1));
  const judge = judgeOf(planned, options.figure);
  const halving = typeof options.halving === 'object' ? options.halving : {};
  const factor = halving.factor ?? 3;
  const epochs = planned.map((one) => one.settings.epochs);
  const rounds = options.halving ? roundsOf('sweep', planned.length, epochs, { factor }) : 1;
  await ensureWritableFolder(folder);
  const lock = await lockFolder(folder, options.signal ? { signal: options.signal } : {});
  try {
    const first = await make(settings[0]!);
    const description = await describeRun(first.model, planned[0]!.settings);
    const begun: SweepRecord = {
      space,
      ...judge,
      ...(options.halving ? { halving: factor } : {}),
      description,
      rows: settings.map((values, i) => waiting(i + 1, values)),
    };
    if (fresh) await clearSweep(folder);
    const record = goOn(folder, await readSweep(folder), begun);
    const plan: Plan = { make, options, planned, judge, factor, rounds, record };
    await writeSweep(folder, plan.record);
    const isWhole = await trainRounds(plan);
    if (isWhole) await finishBest(plan);
    const page = report
      ? await (await import('./sweep-page.js')).writeSweepReport(folder)
      : undefined;
    return resultOf(plan, isWhole, page);
  } finally {
    await lock.release();
  }
}

/** Removes a sweep's file first, then its runs: killed in between, it leaves no sweep whose runs are gone. */
async function clearSweep(folder: string): Promise<void> {
  const before = await readSweep(folder).catch(() => undefined);
  await rm(join(folder, SWEEP), { force: true });
  for (const { number } of before?.rows ?? [])
    await rm(join(folder, String(number)), { recursive: true, force: true });
}

/** The score of a setting after so many epochs; undefined for one that diverged before. */
function scoreOf({ planned, judge }: Plan, row: SweepRow, epochs = Infinity): Score | undefined {
  if (row.state === 'diverged' && row.history.length < epochs) return undefined;
  const { monitor } = planned[row.number - 1]!.settings;
  const keeps = monitor?.keepsBest ? monitor : undefined;
  return scoreAfter(row.history.slice(0, epochs), judge, keeps);
}

/** Trains all rounds; resolves to whether they were trained whole. */
async function trainRounds(plan: Plan): Promise<boolean> {
  const { planned, rounds, factor, judge, options } = plan;
  let alive = planned.map((_, i) => i + 1);
  for (let round = 0; round < rounds; round++) {
    const epochsOf = (number: number) =>
      epochsIn(round, rounds, planned[number - 1]!.settings.epochs, factor);
    await inParallel(alive, jobsOf(plan), (number) =>
      options.signal?.aborted ? Promise.resolve() : trainSetting(plan, number, epochsOf(number)),
    );
    if (options.signal?.aborted) return false;
    if (round === rounds - 1) break;
    const scores = new Map(
      alive.map((number) => [
        number,
        scoreOf(plan, plan.record.rows[number - 1]!, epochsOf(number)),
      ]),
    );
    const order = alive.toSorted(
      (a, b) => compareScores(scores.get(a), scores.get(b), judge.better) || a - b,
    );
    const kept = order
      .slice(0, promoted(alive.length, factor))
      .filter((number) => scores.get(number) !== undefined);
    await drop(
      plan,
      alive.filter((number) => !kept.includes(number)),
    );
    alive = kept.toSorted((a, b) => a - b);
  }
  return true;
}

/** Settings that train at once. */
const jobsOf = ({ options: { jobs = machineParallelism() }, planned }: Plan): number =>
  Math.min(jobs, planned.length);

/** Runs `work` for all entries, so many at a time. After an error no further one is begun, and those under way end first. */
async function inParallel<T>(
  entries: readonly T[],
  jobs: number,
  work: (entry: T) => Promise<void>,
): Promise<void> {
  const left = [...entries];
  let failed: { readonly error: unknown } | undefined;
  const worker = async () => {
    while (left.length > 0 && !failed) {
      try {
        await work(left.shift()!);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  if (failed) throw failed.error;
}

/** Brings a setting to an epoch, unless it is there already. */
async function trainSetting(plan: Plan, number: number, until: number): Promise<void> {
  const { make, options, planned } = plan;
  const row = plan.record.rows[number - 1]!;
  if (row.state !== 'waiting') return;
  if (row.history.length >= until) return;
  const { epochs } = planned[number - 1]!.settings;
  const run = await make(row.values);
  const workers =
    run.settings.workers ?? Math.max(1, Math.floor(machineParallelism() / jobsOf(plan)));
  const reached = await trainUntil(
    { ...run, settings: { ...run.settings, workers } },
    {
      folder: join(options.folder, String(number)),
      until,
      report: options.report ?? true,
      signal: options.signal,
    },
  ).catch((error: unknown) => {
    throw ofSetting(error, number, row.values);
  });
  if (reached.interrupted) return;
  await replaceRow(plan, rowAfter(plan, row, reached, until === epochs));
  await options.onSetting?.(plan.record.rows[number - 1]!);
}

function rowAfter(plan: Plan, row: SweepRow, reached: Reached, isLast: boolean): SweepRow {
  const { history, seconds, diverged } = reached;
  const { number, values } = row;
  if (diverged !== undefined)
    return { number, values, state: 'diverged', history, seconds, message: diverged };
  const state = isLast ? 'finished' : 'waiting';
  const score = scoreOf(plan, { ...row, state, history });
  if (!score)
    throw new LanewiseError(
      'argument',
      `sweep: the runs have no ${plan.judge.figure} of the validation data at the end of an epoch`,
      'name another figure, such as valLoss; validateEvery counts epochs',
    );
  return {
    number,
    values,
    state,
    ...(score ? { score: score.value, tie: score.loss } : {}),
    history,
    seconds,
  };
}

const drop = async (plan: Plan, numbers: readonly number[]): Promise<void> => {
  for (const number of numbers) {
    const row = plan.record.rows[number - 1]!;
    if (row.state === 'waiting') await replaceRow(plan, { ...row, state: 'dropped' });
  }
};

/** Changes a row, and the file: writes wait for those before them. */
async function replaceRow(plan: Plan, row: SweepRow): Promise<void> {
  const rows = plan.record.rows.map((one) => (one.number === row.number ? row : one));
  plan.record = { ...plan.record, rows };
  await write(plan);
}

const writing = new WeakMap<Plan, Promise<void>>();

function write(plan: Plan): Promise<void> {
  const before = writing.get(plan) ?? Promise.resolve();
  const next = before.catch(() => {}).then(() => writeSweep(plan.options.folder, plan.record));
  writing.set(plan, next);
  return next;
}

/** Scores the best setting's model on the test data, the only time that any is, and shows it in its report. */
async function finishBest(plan: Plan): Promise<void> {
  const { options, record } = plan;
  const [first] = ranked(record.rows, plan.judge);
  if (first?.state !== 'finished' || (first.number === record.best && record.test)) return;
  plan.record = { ...record, best: first.number };
  if (options.test) {
    const folder = join(options.folder, String(first.number));
    const trained = await loadModel(join(folder, MODEL));
    const { loss, accuracy } = await trained.evaluate(options.test);
    plan.record = {
      ...plan.record,
      test: { loss, ...(accuracy === undefined ? {} : { accuracy }) },
    };
    if (options.report ?? true) {
      const { inspectRun } = await import('../report/inspect-run.js');
      const { saveEvaluation, writeReport } = await import('../report/write.js');
      await saveEvaluation(folder, { ...(await inspectRun(trained, options.test)), part: 'test' });
      await writeReport(folder, join(folder, REPORT));
    }
  }
  await write(plan);
}

function resultOf(plan: Plan, isWhole: boolean, report: string | undefined): SweepResult {
  const { record, judge } = plan;
  const rows = ranked(record.rows, judge);
  const best = isWhole ? rows.find(({ number }) => number === record.best) : undefined;
  return {
    rows,
    ...(best ? { best } : {}),
    ...judge,
    ...(best && record.test ? { test: record.test } : {}),
    ...(report === undefined ? {} : { report }),
    interrupted: !isWhole,
  };
}
