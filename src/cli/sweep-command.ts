/** The command `lanewise sweep`: trains with several settings, shows their table, and tests the best of them once. */
import { InvalidArgumentError, type Command } from 'commander';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { MODEL, REPORT } from '../runs/folder.js';
import type { SweepResult } from '../runs/sweep/sweep.js';
import type { SweepRow } from '../runs/sweep/sweep-file.js';
import { nameOfValues } from '../runs/sweep/search-space.js';
import { loadModel } from '../trained/model-store.js';
import { dataName, lastPart } from './data-sources.js';
import { saveJudgement } from './judgement.js';
import { option, wholeNumber } from './options.js';
import { findData, inMemory, preparedRuns, type FoundData } from './prepared-run.js';
import { stopOnSignals, type Stop } from './stop.js';
import { countOf } from './task.js';
import {
  formatCount,
  formatFigure,
  formatPercent,
  formatSeconds,
  note,
  quoted,
} from './terminal.js';
import { dataWords, describeTraining, type TrainOptions } from './train-options.js';
import { optionsWith, triedOf, triedSpace, wordsOf, type Tried } from './tried-options.js';
import { VALIDATION_SHARE } from './validation.js';
import { wordsWithout } from './words.js';

interface SweepOnly {
  readonly try?: readonly Tried[];
  readonly random?: number;
  readonly halving?: number | true;
  readonly by?: string;
  readonly jobs?: number;
}

type Options = TrainOptions & SweepOnly;

function factor(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 2) return value;
  throw new InvalidArgumentError('Expected a whole number of at least 2.');
}

/** The options that train does not have. */
const OWN = ['--try', '--random', '--halving', '--by', '--jobs', '--out', '--json', '--fresh'];

const command = (): Command =>
  describeTraining('sweep', 'train with several settings, and choose by the validation samples', [
    option<Tried[]>(
      '--try <name=values>',
      'an option of train and what is tried for it: lr=0.01,0.1, or with --random a range, lr=log:0.001..0.1 (repeatable)',
      triedOf,
    ),
    option('--random <n>', 'draw n settings by --seed (all combinations)', wholeNumber(1)),
    option(
      '--halving [factor]',
      'train all for a few epochs, one of each factor (3) for factor times as many, and so on',
      factor,
    ),
    option('--by <figure>', 'the figure that decides (valAccuracy, or valLoss)'),
    option('--jobs <n>', 'settings that train at once; no result depends on it', wholeNumber(1)),
    option('--out <folder>', 'the sweep’s folder (runs/sweep-<model>-<data>)'),
    option('--fresh', 'start over, and lose the sweep in the folder'),
    option('--no-report', 'write no pages'),
    option('--json', 'one line of JSON for each setting'),
  ]);

export const sweepCommand = (): Command => command().action(runSweep);

async function runSweep(given: string | undefined, options: Options): Promise<void> {
  const again = `go on with: npx lanewise ${process.argv.slice(2).map(quoted).join(' ')}`;
  const stop = stopOnSignals(() => console.error(`\n${again}`));
  try {
    await sweepUntil(stop, given, options, again);
  } finally {
    stop.release();
  }
}

async function sweepUntil(
  stop: Stop,
  given: string | undefined,
  options: Options,
  again: string,
): Promise<void> {
  const { try: tried = [], random, halving, by, jobs, fresh, report, json } = options;
  if (tried.length === 0)
    throw new LanewiseError(
      'argument',
      'sweep: nothing is tried',
      'say what: --try lr=0.01,0.1 --try batch=32,64',
    );
  const described = command();
  const space = triedSpace(tried, described);
  const found = await findData(given, options, 'sweep');
  const folder = options.out ?? join('runs', `sweep-${found.name}-${dataName(options.data)}`);
  const ready = await inMemory(found, options);
  const prepare = preparedRuns(ready);
  const first = await prepare(optionsWith(options, firstOf(space), described));
  for (const line of [...(found.task.said ? [found.task.said] : []), ...first.notes]) note(line);
  if (!json) beginning(found, folder);
  let count = 0;
  const { sweep } = await import('../runs/public.js');
  stop.guard(true);
  const result = await sweep(
    space,
    async (values) => {
      const run = await prepare(optionsWith(options, values, described));
      const { model, settings, finish } = run;
      return { model, settings, name: found.name, ...(finish ? { finish } : {}) };
    },
    {
      folder,
      seed: options.seed,
      report,
      signal: stop.signal,
      ...(random === undefined ? {} : { random }),
      ...(halving === undefined ? {} : { halving: halving === true || { factor: halving } }),
      ...(by === undefined ? {} : { figure: by }),
      ...(jobs === undefined ? {} : { jobs }),
      ...(fresh ? { fresh } : {}),
      ...(lastPart(first.data) === 'test' ? { test: first.data.test } : {}),
      onSetting(row) {
        count++;
        console.log(json ? JSON.stringify(row) : settingLine(row, count));
      },
    },
  );
  stop.guard(false);
  if (stop.signal.aborted) process.exitCode = stop.exitCode();
  if (json) return console.log(JSON.stringify(result));
  console.log(`\n${tableOf(result, Object.keys(space)).join('\n')}`);
  if (result.report !== undefined) console.log(`\nreport: ${result.report}`);
  if (result.interrupted) return console.log(`\n${again}`);
  if (!result.best) return console.log('\nno setting has trained whole: all diverged');
  return closing(result.best, ready, first.data, folder, options);
}

/** One value for each name, to see whether data and model fit before the table is made. */
const firstOf = (space: ReturnType<typeof triedSpace>) =>
  Object.fromEntries(
    Object.entries(space).map(([name, tried]) => [name, 'from' in tried ? tried.from : tried[0]!]),
  );

function beginning({ name, parts, setAside }: FoundData, folder: string): void {
  const { train, validation, test } = parts;
  const apart = setAside === undefined ? '' : ` set aside from training (${setAside})`;
  console.log(
    `${name}, each setting on ${formatCount(countOf(train))} samples, chosen by ${formatCount(countOf(validation ?? test))}${apart}; runs are kept in ${folder}`,
  );
}

const showFigure = (figure: string, value: number | undefined): string =>
  value === undefined || !Number.isFinite(value)
    ? '–'
    : /accuracy/i.test(figure)
      ? formatPercent(value)
      : formatFigure(value);

function settingLine({ number, values, state, score, history }: SweepRow, count: number): string {
  const epochs = `${history.length} ${history.length === 1 ? 'epoch' : 'epochs'}`;
  const found = state === 'diverged' ? 'diverged' : `score ${formatFigure(score ?? NaN)}`;
  return `${String(count).padStart(3)}  setting ${number}: ${nameOfValues(values)}: ${found} after ${epochs}`;
}

/** The table's lines: the best setting first. */
export function tableOf({ rows, figure }: SweepResult, names: readonly string[]): string[] {
  const isSeparate = figure !== 'valLoss';
  const cells = rows.map(({ number, values, score, history, seconds, state }) => [
    String(number),
    ...names.map((name) => String(values[name])),
    showFigure(figure, score),
    ...(isSeparate
      ? [showFigure('valLoss', state === 'diverged' ? undefined : history.at(-1)?.valLoss)]
      : []),
    String(history.length),
    formatSeconds(seconds),
    state,
  ]);
  const head = ['setting', ...names, figure, ...(isSeparate ? ['valLoss'] : []), 'epochs', 'time'];
  const table = [[...head, 'state'], ...cells];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  return table.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i]!))).join('  '),
  );
}

/** Scores the best model as train does, and says how to go on. */
async function closing(
  { number, values, seconds }: SweepRow,
  { name, kind, setAside }: FoundData,
  data: FoundData['parts'],
  folder: string,
  options: Options,
): Promise<void> {
  const run = join(folder, String(number));
  const file = join(run, MODEL);
  const { workers, decoders } = options;
  const scores = await kind.score(await loadModel(file), data, { workers, decoders });
  if (scores.judgement) {
    await saveJudgement(run, scores.judgement);
    if (options.report) await (await import('../runs/report/write.js')).writeReport(run);
  }
  const report = options.report ? join(run, REPORT) : undefined;
  const places = { model: name, data: options.data, dataWords: dataWords(options), report };
  console.log(`\nbest: setting ${number}, ${nameOfValues(values)}, saved to ${file}`);
  for (const line of scores.lines(lastPart(data), places, seconds)) console.log(line);
  const words = wordsWithout(process.argv.slice(3), OWN, ['--json', '--fresh']).map(quoted);
  // The same samples are set aside, so that the run has the same bits.
  const apart = setAside === 'sweep' ? ['--validation', String(VALIDATION_SHARE)] : [];
  const alone = [...words, ...wordsOf(values).map(quoted), ...apart];
  const train = `npx lanewise train ${alone.join(' ')}`;
  console.log(`\n${scores.hint(file, places)}\nthe same setting alone: ${train}`);
  if (scores.verdict !== undefined) console.log(`\n${scores.verdict}`);
}
