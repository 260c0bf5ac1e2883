/** Series on the command line: train, predict, eval and export, with the two naive forecasts beside them. */
// slow: trains small models
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csvSeries } from '../../src/data/series-csv.js';
import { splitSeries } from '../../src/data/series-parts.js';
import { forecast } from '../../src/trained/next-rows.js';
import { loadModel } from '../../src/trained/model-store.js';
import { evalOf, inFolder, lanewise } from './lanewise.js';

const hour = (i: number) =>
  new Date(Date.UTC(2020, 0, 1, i)).toISOString().slice(0, 16).replace('T', ' ');

/** Hours in the rhythm of six, with a slow rise. */
const value = (i: number) => [3, 5, 9, 12, 8, 4][i % 6]! + 0.05 * i + ((i * 7) % 5) / 10;
const hours = Array.from({ length: 300 }, (_, i) => ({ hour: hour(i), temp: value(i) }));

/** Steps of ±1 without a rhythm: nothing is better than the last value. */
let state = 5;
let level = 100;
const walk = Array.from({ length: 240 }, (_, i) => {
  state = (state * 48_271) % 2_147_483_647;
  level += state % 2 === 0 ? 1 : -1;
  return { day: new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10), price: level };
});

const csv = (rows: readonly object[]) =>
  [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))]
    .map((cells) => cells.join(','))
    .join('\n');

const withSeries = (check: (cwd: string) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'temps.csv'), csv(hours));
    await writeFile(join(folder, 'prices.csv'), csv(walk));
    await check(folder);
  });

const TEMPS = ['--data', 'temps.csv', '--time', 'hour', '--target', 'temp', '--horizon', '4'];

test('train, predict, eval and export of a series agree with each other and with the API', () =>
  withSeries(async (cwd) => {
    const options = ['--season', '6', '--window', '12', '--epochs', '60', '--no-report'];
    const run = await lanewise(['train', 'lstm', ...TEMPS, ...options], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.match(run.stderr, /300 rows, windows of 12 rows and the 4 that follow, season 6/);
    assert.match(run.stdout, /lstm, [\d,]+ parameters, on 195 windows of temps\.csv/);
    assert.match(run.stdout, /best valLoss .*: these weights are kept/);
    assert.match(run.stdout, /MAE at step +1 +2 +3 +4\n/);
    const [, mae, last, season] =
      /\ntest MAE ([\d.]+) \(95 % interval [\d.]+–[\d.]+\), the last value ([\d.]+), the value 6 hours before ([\d.]+)\n/.exec(
        run.stdout,
      )!;
    assert.ok(Number(mae) < Number(season) && Number(mae) < Number(last));
    assert.match(run.stdout, /\nnext: npx lanewise predict \S+ temps\.csv\n$/);
    const file = 'runs/lstm-temps/model.safetensors';

    // The next rows, as the API has them, with times in the file's form.
    const ahead = await lanewise(['predict', file, 'temps.csv'], { cwd });
    assert.is(ahead.code, 0, ahead.stderr);
    const model = await loadModel(join(cwd, file));
    const rows = await forecast(model, hours);
    const shown = rows.map(
      (row) => `${row['hour']},${Number((row['temp'] as number).toPrecision(9))}`,
    );
    assert.equal(ahead.stdout.trim().split('\n'), ['hour,temp', ...shown]);
    assert.equal(
      rows.map((row) => row['hour']),
      [300, 301, 302, 303].map(hour),
    );
    const json = await lanewise(['predict', file, 'temps.csv', '--json'], { cwd });
    assert.equal(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
      rows,
    );

    // The held-out windows are found again, and their figures are those of training.
    const scored = await lanewise(['eval', file, '--data', 'temps.csv', '--json'], { cwd });
    const record = JSON.parse(scored.stdout) as Record<string, unknown>;
    assert.is(record['scored'], 'heldOut');
    assert.is(Number((record['mae'] as number).toPrecision(4)), Number(mae));
    const parts = splitSeries(
      await csvSeries(join(cwd, 'temps.csv'), {
        time: 'hour',
        target: 'temp',
        window: 12,
        horizon: 4,
        season: 6,
      }),
    );
    assert.is(record['windows'], parts.test!.windows.starts.length);

    const written = await lanewise(['export', file, '--data', 'temps.csv', '-o', 'out.csv'], {
      cwd,
    });
    assert.is(written.code, 0, written.stderr);
    const lines = (await readFile(join(cwd, 'out.csv'), 'utf8')).trim().split('\n');
    assert.is(lines[0], 'after,hour,step,temp,temp forecast');
    assert.is(lines.length, 1 + 4 * parts.test!.windows.starts.length);
    const errors = lines.slice(1).map((line) => {
      const [, , , truth, forecast] = line.split(',').map(Number);
      return Math.abs(truth! - forecast!);
    });
    const mean = errors.reduce((a, b) => a + b) / errors.length;
    assert.ok(Math.abs(mean - (record['mae'] as number)) < 1e-6);
    const about = await lanewise(['inspect', file], { cwd });
    assert.match(about.stdout, /temp: 4 rows from the last 12, an hour apart, season 6/);
    assert.match(about.stdout, /period 1 of 3, of 285 samples/);
  }));

test('where the last value is stronger the last line says so', () =>
  withSeries(async (cwd) => {
    const words = ['--data', 'prices.csv', '--time', 'day', '--target', 'price', '--horizon', '3'];
    const run = await lanewise(['train', ...words, '--no-report'], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.match(
      run.stdout.trim().split('\n').at(-1)!,
      /^the baseline is not beaten: the last value is (better|as good), [\d.]+ against [\d.]+/,
    );
    const quick = [...words, '--epochs', '1', '--no-report', '--json', '--out', 'again'];
    const record = evalOf(await lanewise(['train', 'gru', ...quick], { cwd }));
    assert.is(record['scored'], 'test');
    assert.equal(
      (record['baselines'] as { name: string }[]).map(({ name }) => name),
      ['the last value', 'the value a week before'],
    );
  }));

test('what does not go with a series, or with a table, is refused by its option', () =>
  withSeries(async (cwd) => {
    const refuses = async (args: readonly string[], ...messages: RegExp[]) => {
      const { code, stderr } = await lanewise(['train', ...args, '--no-report'], { cwd });
      assert.is(code, 1, stderr);
      for (const message of messages) assert.match(stderr, message);
    };
    await refuses(['lenet5', ...TEMPS], /lenet5 takes no series/, /nlinear, lstm, gru forecast it/);
    await refuses(['--data', 'temps.csv', '--time', 'hour'], /--target is missing/);
    await refuses([...TEMPS, '--mixup', '0.2'], /--mixup 0.2 changes images or rows/);
    await refuses([...TEMPS, '--shape', '1x1x2'], /--shape is for tables/);
    await refuses([...TEMPS, '--missing', 'drop'], /--missing drop is for tables/);
    await refuses([...TEMPS, '--intervals', '0.9'], /--intervals is for tables/);
    await refuses([...TEMPS, '--task', 'values'], /--task is for tables/);
    await refuses([...TEMPS, '--ignore', 'x'], /--columns or --ignore is for tables/);
    await refuses([...TEMPS, '--folds', '3'], /--folds 3 of a series/, /--seeds repeats the run/);
    assert.not.ok(existsSync(join(cwd, 'runs')), 'nothing begins before the options are checked');
    const forTable = ['lstm', '--data', 'temps.csv', '--target', 'temp'];
    await refuses(forTable, /lstm takes series/, /name the column of times \(--time\)/);
    const far = [...TEMPS, '--horizon', '80', '--window', '8'];
    await refuses(far, /no window's horizon of 80 rows/, /\n {2}a smaller horizon or more rows\n/);
    await refuses([...TEMPS, '--known', 'wind'], /has no column 'wind', it has hour, temp/);
    await refuses([...TEMPS, '--calendar', 'moon'], /Expected hour, weekday, month/);
    await refuses(['--data', 'temps.csv', '--window', '3'], /--window 3 goes with a text file or/);
    await refuses(['--data', 'digits', '--time', 'hour'], /--time hour goes with a CSV file/);
    await writeFile(join(cwd, 'gap.csv'), csv(hours.filter((_, i) => i !== 9)));
    await refuses(
      [...TEMPS, '--data', 'gap.csv'],
      /a row is missing between '2020-01-01 08:00' \(line 10\)/,
      /--missing last takes the value before, --missing interpolate draws a line/,
      /--spacing rows takes the rows as evenly spaced/,
    );
  }));

test.run();
