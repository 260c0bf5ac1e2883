/**
 * The scores of `lanewise train` at its defaults on tables, beside those of a linear model on the same rows, for five seeds,
 * each with a split of its own: `node bench/tables.mjs wine.csv diabetes.csv` after a build. Of classes the share that is
 * right, of values R². `bench/tables.py` writes the files. Options: --model <name>, --seeds 1,2,3,4,5.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3,4,5' },
  },
});
if (files.length === 0) throw new Error('node bench/tables.mjs <file.csv> …');
const main = fileURLToPath(new URL('../dist/src/bundle/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-tables-'));

/** Scores of the net and of the linear model on the test rows, and the command's time. */
function scoresOf(file, seed) {
  const model = values.model === undefined ? [] : [values.model];
  const args = ['train', ...model, '--data', file, '--seed', seed, '--out', folder];
  const begun = performance.now();
  const output = execFileSync(
    process.execPath,
    [main, ...args, '--fresh', '--no-report', '--json'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const seconds = (performance.now() - begun) / 1000;
  const events = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const record = events.findLast(({ event }) => event === 'eval');
  const [target] = record.targets ?? [];
  const { baselines } = target?.judgement ?? record;
  const linear = baselines.find(({ name }) => name === 'a linear model');
  return target
    ? { unit: 'R²', net: target.r2, linear: linear.value, seconds }
    : { unit: '%', net: 100 * record.testAccuracy, linear: 100 * linear.accuracy, seconds };
}

const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
for (const file of files) {
  const runs = values.seeds.split(',').map((seed) => scoresOf(file, seed));
  const show = (value) => (runs[0].unit === '%' ? `${value.toFixed(2)} %` : value.toFixed(4));
  const [net, linear] = ['net', 'linear'].map((name) => runs.map((run) => run[name]));
  console.log(
    `${basename(file)}: mean ${show(mean(net))} (${net.map(show).join(', ')}), a linear model ${show(mean(linear))}, at most ${Math.max(...runs.map(({ seconds }) => seconds)).toFixed(0)} s`,
  );
}
rmSync(folder, { recursive: true });
