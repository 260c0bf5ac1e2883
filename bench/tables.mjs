/**
 * Accuracy of `lanewise train mlp` at its defaults on tables, for five seeds, each with a split of its own:
 * `node bench/tables.mjs wine.csv cancer.csv iris.csv` after a build. The files are made of scikit-learn's load_wine,
 * load_breast_cancer and load_iris: the names of the features as header, the column `target` last. Options: --model <name>,
 * --seeds 1,2,3,4,5.
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
    model: { type: 'string', default: 'mlp' },
    seeds: { type: 'string', default: '1,2,3,4,5' },
  },
});
if (files.length === 0) throw new Error('node bench/tables.mjs <file.csv> …');
const main = fileURLToPath(new URL('../dist/src/bundle/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-tables-'));

/** Share of the held-out rows that are classified right. */
function accuracy(file, seed) {
  const args = ['train', values.model, '--data', file, '--seed', seed, '--out', folder];
  const options = ['--fresh', '--no-report', '--json', '--workers', '0'];
  const output = execFileSync(process.execPath, [main, ...args, ...options], { encoding: 'utf8' });
  // The last line but one: behind it comes the end of the run.
  return JSON.parse(output.trim().split('\n').at(-2)).testAccuracy;
}

const percent = (share) => `${(share * 100).toFixed(2)} %`;
for (const file of files) {
  const shares = values.seeds.split(',').map((seed) => accuracy(file, seed));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  console.log(`${basename(file)}: mean ${percent(mean)} of ${shares.map(percent).join(', ')}`);
}
rmSync(folder, { recursive: true });
