/** The command `lanewise lr-find`: a learning-rate range test, the rate that it suggests, and its picture. */
import { InvalidArgumentError, type Command } from 'commander';
import { dirname, join } from 'node:path';
import { ensureReplaceable, ensureWritableFolder } from '../node/atomic.js';
import {
  findLearningRate,
  type RangeOptions,
  type RateRange,
} from '../train/learning-rate-range.js';
import { dataName } from './data-sources.js';
import { option, rate, wholeNumber } from './options.js';
import { findData, inMemory, preparedRun } from './prepared-run.js';
import { stopOnSignals } from './stop.js';
import { formatCount, formatFigure, note, quoted } from './terminal.js';
import { describeTraining, type TrainOptions } from './train-options.js';
import { wordsWithout } from './words.js';

type Options = Omit<TrainOptions, 'report'> & Pick<RangeOptions, 'from' | 'to' | 'steps'>;

function aboveZero(text: string): number {
  const value = rate(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** The options of the test itself, which train does not have. */
const OWN = ['--from', '--to', '--steps', '--out', '--json'];

export const lrFindCommand = (): Command =>
  describeTraining(
    'lr-find',
    'find a learning rate: a short run at growing rates shows where the loss falls; those options of train that concern a run’s length, scores and rate have no effect',
    [
      option('--from <rate>', 'the first rate (0.000001)', aboveZero),
      option('--to <rate>', 'the last rate, unless the loss explodes before (10)', aboveZero),
      option('--steps <n>', 'steps of the test (140)', wholeNumber(10)),
      option('--out <file>', 'the picture, a page (runs/lr-find-<model>-<data>.html)'),
      option('--json', 'the result as one line of JSON'),
    ],
  ).action(runLrFind);

async function runLrFind(given: string | undefined, options: Options): Promise<void> {
  const { from, to, steps, json } = options;
  const asked: TrainOptions = { ...options, report: true };
  const found = await findData(given, asked);
  const file = options.out ?? join('runs', `lr-find-${found.name}-${dataName(options.data)}.html`);
  await ensureWritableFolder(dirname(file));
  await ensureReplaceable(file);
  const { settings, model, notes } = await preparedRun(await inMemory(found, asked), asked);
  for (const line of [...(found.task.said ? [found.task.said] : []), ...notes]) note(line);
  const stop = stopOnSignals(() => {});
  stop.guard(true);
  const range = await findLearningRate(model, settings, { from, to, steps, signal: stop.signal });
  stop.guard(false);
  stop.release();
  if (stop.signal.aborted) process.exitCode = stop.exitCode();
  const title = `${found.name} on ${dataName(options.data)}`;
  const kind = (settings.optimizer as { readonly kind?: string }).kind ?? settings.optimizer;
  const about = `${formatCount(range.points.length)} steps of ${formatCount(settings.batch ?? 64)} samples, ${String(kind)}, seed ${options.seed}`;
  const { writeRateRange } = await import('../runs/report/rate-range-page.js');
  await writeRateRange(file, range, { title, about });
  if (json) return console.log(JSON.stringify({ ...range, picture: file }));
  console.log([`${title}: ${about}`, '', ...linesOf(range), `picture: ${file}`].join('\n'));
  if (range.suggestion !== undefined) console.log(`\nnext: ${nextCommand(range.suggestion)}`);
}

/** A rate for people: two digits. */
const brief = (value: number): string => String(Number(value.toPrecision(2)));

/** Rows of the curve that are shown. */
const ROWS = 14;

function linesOf({ points, suggestion, steepest, minimumOverTen, stopped }: RateRange): string[] {
  const step = Math.max(1, Math.ceil(points.length / ROWS));
  const shown = points.filter((_, i) => (points.length - 1 - i) % step === 0);
  const rows = shown.map(
    ({ rate: at, smoothed }) =>
      `  ${brief(at).padStart(10)}  ${formatFigure(smoothed).padStart(9)}`,
  );
  return [
    `  ${'rate'.padStart(10)}  ${'loss'.padStart(9)}`,
    ...rows,
    '',
    ...(stopped === undefined ? [] : [stopped]),
    suggestion === undefined
      ? 'the loss did not fall: no rate is suggested; --from, --to and --steps say which are tried'
      : `suggested learning rate ${brief(suggestion)}: the loss falls fastest at ${brief(steepest!)}, and a tenth of the rate at which it is least is ${brief(minimumOverTen!)}`,
  ];
}

/** The command that trains with the rate: the present one with other words. */
function nextCommand(suggestion: number): string {
  const words = wordsWithout(process.argv.slice(3), [...OWN, '--lr']);
  return ['npx lanewise train', ...words.map(quoted), '--lr', brief(suggestion)].join(' ');
}
