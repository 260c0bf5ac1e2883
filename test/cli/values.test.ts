/** Numbers, labels and several targets on the command line: trained, scored, exported, beside baselines. */
// slow: trains on tables
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csvDataset } from '../../src/data/csv-dataset.js';
import { leftOut, taken } from '../../src/data/left-out.js';
import type { Selection } from '../../src/data/origin.js';
import { intervalsOf } from '../../src/metrics/intervals.js';
import { readCsv } from '../../src/data/csv-table.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import { loadProgram } from '../../src/inference/index.js';
import { loadModel } from '../../src/trained/model-store.js';
import { numbers } from '../support/numbers.js';
import { eventsOf, inFolder, lanewise } from './lanewise.js';

const ROWS = 300;
const drawn = [1, 2, 3, 4].map((seed) => numbers(ROWS, seed));
const at = (column: number, row: number) => drawn[column]![row]!;
const COLORS = ['red', 'green', 'blue'] as const;
const isColor = (color: number, row: number) => at(color, row) > 0.1;

/** Features a, b and c, and a column for each target. */
const TARGETS = {
  price: (i: number) =>
    (3000 + 500 * at(0, i) - 300 * at(1, i) * at(2, i) + 60 * at(3, i)).toFixed(2),
  rent: (i: number) => (5 + at(2, i) + 0.1 * at(3, i)).toFixed(3),
  kind: (i: number) => (at(0, i) + at(1, i) > 0 ? 'big' : 'small'),
  tags: (i: number) => COLORS.filter((_, c) => isColor(c, i)).join('|') || 'none',
  red: (i: number) => Number(isColor(0, i)),
  green: (i: number) => Number(isColor(1, i)),
  blue: (i: number) => Number(isColor(2, i)),
} as const;

const csv = (...targets: readonly (keyof typeof TARGETS)[]): string =>
  [
    ['a', 'b', 'c', ...targets].join(','),
    ...Array.from({ length: ROWS }, (_, i) =>
      [at(0, i), at(1, i), at(2, i), ...targets.map((name) => TARGETS[name](i))].join(','),
    ),
  ].join('\n');

interface TargetRecord {
  readonly target: string;
  readonly type: string;
  readonly r2?: number;
  readonly rmse?: number;
  readonly accuracy?: number;
  readonly f1Micro?: number;
  readonly intervals?: {
    readonly level: number;
    readonly coverage: number;
    readonly width: number;
  };
  readonly judgement: {
    readonly low: number;
    readonly high: number;
    readonly baselines: readonly { readonly name: string; readonly value: number }[];
  };
}

/** Trains, and gives the lines, the record that eval prints for the same samples, and the exported file. */
async function run(text: string, ...options: string[]) {
  return inFolder(async (cwd) => {
    await writeFile(join(cwd, 't.csv'), text);
    const common = ['--data', 't.csv'];
    const trained = await lanewise(
      ['train', ...common, '--epochs', '60', '--out', 'o', ...options],
      {
        cwd,
      },
    );
    assert.is(trained.code, 0, trained.stderr);
    const file = join('o', 'model.safetensors');
    const scored = await lanewise(['eval', file, ...common, '--json'], { cwd });
    assert.is(scored.code, 0, scored.stderr);
    const shown = await lanewise(['eval', file, ...common], { cwd });
    assert.is(shown.code, 0, shown.stderr);
    const exported = await lanewise(['export', file, ...common, '--out', 'p.csv'], { cwd });
    assert.is(exported.code, 0, exported.stderr);
    const record = eventsOf(scored)[0] as unknown as {
      readonly samples: number;
      readonly scored: string;
      readonly targets: readonly TargetRecord[];
    };
    return {
      lines: trained.stdout.split('\n'),
      said: trained.stderr,
      record,
      shown: shown.stdout,
      exported: await readFile(join(cwd, 'p.csv'), 'utf8'),
      model: await loadModel(join(cwd, file)),
      evaluation: JSON.parse(await readFile(join(cwd, 'o', 'evaluation.json'), 'utf8')) as {
        readonly values: readonly { readonly interval: { readonly covered: number } }[];
      },
    };
  });
}

test('a column of numbers is regression, in its unit, beside the mean and a linear model', async () => {
  const { lines, said, record, shown, exported, model } = await run(csv('price'));
  assert.match(
    said,
    /^note: price holds numbers: regression; --task classes makes a class of each/m,
  );
  const [target] = record.targets;
  assert.is(record.scored, 'heldOut');
  assert.ok(target!.r2! > 0.8, String(target!.r2));
  assert.ok(target!.rmse! > 5 && target!.rmse! < 100, String(target!.rmse));
  const closing = lines.find((line) => line.startsWith('test R² '))!;
  assert.match(
    closing,
    /^test R² 0\.\d{3} \(95 % interval 0\.\d{3}–0\.\d{3}\), the mean −?0\.0\d\d, a linear model 0\.\d{3}$/,
  );
  assert.match(closing, new RegExp(`R² ${target!.r2!.toFixed(3)} `));
  assert.equal(
    target!.judgement.baselines.map(({ name }) => name),
    ['the mean', 'a linear model'],
  );
  assert.ok(target!.judgement.low < target!.r2! && target!.r2! < target!.judgement.high);
  assert.match(
    lines.find((line) => line.startsWith('epoch 1'))!,
    / rmse [\d.]+  r2 -?[\d.]+ .* rows\/s$/,
  );
  assert.match(shown, new RegExp(`^R² ${target!.r2!.toFixed(3)} \\(95 % interval`, 'm'));
  assert.equal(model.table!.targets, [{ name: 'price', type: 'number' }]);
  // The file's rows say the same.
  const { columns } = await readCsv(new TextEncoder().encode(exported));
  assert.equal(
    columns.map(({ name }) => name),
    ['sample', 'price', 'price predicted'],
  );
  const [truth, predicted] = [1, 2].map((c) => Array.from(columns[c]!.values)) as [
    number[],
    number[],
  ];
  const squares = truth.reduce((sum, t, i) => sum + (t - predicted[i]!) ** 2, 0);
  assert.ok(Math.abs(Math.sqrt(squares / truth.length) - target!.rmse!) < 1e-3);
});

test('a linear model that is better is said in the last line', async () => {
  const linear = csv('rent');
  const { lines } = await run(linear, '--epochs', '1');
  assert.match(
    lines.findLast((line) => line !== '')!,
    /^the baseline is not beaten: a linear model is better, 0\.\d{3} against −?\d/,
  );
});

/** Prices with skewed noise that grows with a: 300 rows, of which 240 are for training and calibration. */
const skewed = (): string =>
  [
    'a,b,c,price',
    ...Array.from({ length: ROWS }, (_, i) => {
      const [a, b, c] = [at(0, i), at(1, i), at(2, i)];
      const noise = -Math.log(0.5005 - 0.5 * at(3, i)) * (0.5 + Math.abs(a));
      return [a, b, c, (3000 + 500 * a - 300 * b * c + 60 * noise).toFixed(2)].join(',');
    }),
  ].join('\n');

test('intervals of few rows hold about their share, the same in files and programs', async () => {
  for (const [option, level] of [
    ['0.8', 0.8],
    ['gaussian', 0.9],
  ] as const) {
    const { lines, record, exported, model, evaluation } = await run(
      skewed(),
      '--intervals',
      option,
    );
    assert.ok(
      lines.includes(
        `validation on 48 samples set aside from training (--intervals ${option}), test on 60 at the end`,
      ),
    );
    const { intervals, r2 } = record.targets[0]!;
    assert.is(intervals!.level, level);
    assert.ok(Math.abs(intervals!.coverage - level) < 0.2, `${option}: ${intervals!.coverage}`);
    assert.ok(intervals!.width > 0 && r2! > 0.7, `${option}: ${r2}`);
    // Of the 48 rows that calibrate, as many as the rank says.
    const whole = await csvDataset(new TextEncoder().encode(skewed()), { target: 'price' });
    const [split, apart] = model.origin!.selections as Exclude<Selection, { by: 'subset' }>[];
    const { inputs, targets } = leftOut(taken(whole, [split!])!, apart!);
    const { scores } = await model.predict(Object.values(inputs)[0]!.values);
    const { low: from, high: to } = intervalsOf({ spread: model.terms[0]!.loss.spread!, scores });
    const truth = Array.from(Object.values(targets)[0]!.values);
    const inside = truth.filter((price, i) => from[i]! <= price && price <= to[i]!);
    assert.equal([truth.length, inside.length], [48, Math.ceil(49 * level)], option);
    const said = (100 * intervals!.coverage).toFixed(1);
    assert.ok(
      lines.some((line) => line.startsWith(`intervals of ${level * 100} % hold ${said} %`)),
    );
    // The report is of the calibrated model.
    assert.is(evaluation.values[0]!.interval.covered, intervals!.coverage);
    const { columns } = await readCsv(new TextEncoder().encode(exported));
    const of = (name: string) => Array.from(columns.find((one) => one.name === name)!.values);
    const [low, value, high] = ['price low', 'price predicted', 'price high'].map(of);
    assert.ok(value!.every((v, i) => low![i]! <= v && v <= high![i]!));
    // By the file and by a program: the bits of the export.
    const held = Object.values(leftOut(whole, split!).inputs)[0]!.values;
    const asked = Array.from({ length: held.length / 3 }, (_, i) => {
      const [a, b, c] = held.subarray(3 * i, 3 * i + 3);
      return { a: a!, b: b!, c: c! };
    });
    const { answers } = await model.predict(asked);
    const program = await loadProgram(encodeProgram(model, { batch: 16 }));
    assert.equal(program.predict(asked).answers, answers);
    answers!.forEach((answer, i) => {
      const { price, low: least, high: most } = answer as Record<string, number>;
      assert.equal(
        [price!, least!, most!].map(Math.fround),
        [value, low, high].map((column) => Math.fround(column![i]!)),
      );
    });
  }
});

test('several numbers share an output, with figures for each', async () => {
  const { record, exported, model, said } = await run(
    csv('price', 'rent'),
    '--target',
    'price,rent',
  );
  assert.match(said, /price, rent hold numbers: regression/);
  assert.equal(
    record.targets.map(({ target, type }) => [target, type]),
    [
      ['price', 'number'],
      ['rent', 'number'],
    ],
  );
  for (const { r2 } of record.targets) assert.ok(r2! > 0.85, String(r2));
  assert.equal([...model.model.outputs], [['output', [2]]]);
  assert.match(exported, /^sample,price,price predicted,rent,rent predicted\n/);
});

test('numbers and classes have an output each', async () => {
  const { record, lines, model } = await run(csv('price', 'kind'), '--target', 'price,kind');
  assert.equal([...model.model.outputs.keys()], ['price', 'kind']);
  const [price, kind] = record.targets;
  assert.ok(price!.r2! > 0.85 && kind!.accuracy! > 0.9);
  assert.ok(lines.some((line) => /^test accuracy of kind [\d.]+ %.*always '/.test(line)));
});

test('lists in a text, and columns of 0 and 1, are labels', async () => {
  const lists = await run(csv('tags'));
  assert.match(lists.said, /tags holds lists such as '[a-z|]+': any number of labels a row/);
  assert.ok(lists.record.targets[0]!.f1Micro! > 0.85);
  assert.equal(lists.model.table!.targets, [
    { name: 'tags', type: 'labels', classes: ['blue', 'green', 'none', 'red'] },
  ]);
  assert.match(lists.exported, /^sample,tags,tags predicted\n/);
  const bits = await run(csv('red', 'green', 'blue'), '--target', 'red,green,blue');
  assert.ok(bits.record.targets[0]!.f1Micro! > 0.9);
  assert.match(bits.shown, /^all labels of a row right: /m);
  const asValues = await run(
    csv('red', 'green', 'blue'),
    '--target',
    'red,green,blue',
    '--task',
    'values',
  );
  assert.equal(
    asValues.record.targets.map(({ type }) => type),
    ['number', 'number', 'number'],
  );
});

test('lanewise data says what the targets hold', async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, 't.csv'), csv('rent', 'kind'));
    const text = await lanewise(['data', 't.csv', '--target', 'rent,kind'], { cwd });
    assert.match(
      text.stdout,
      /^t\.csv: 240 training, 60 test rows of 3 features, several to predict$/m,
    );
    assert.match(
      text.stdout,
      /^rent \(number\): mean [\d.]+, deviation [\d.]+, [\d.]+ to [\d.]+$/m,
    );
    assert.match(text.stdout, /^kind \(class\): big \d+, small \d+$/m);
    await writeFile(join(cwd, 't.csv'), csv('tags'));
    const found = eventsOf(await lanewise(['data', 't.csv', '--json'], { cwd }))[0] as unknown as {
      readonly targets: readonly { readonly classes: Readonly<Record<string, number>> }[];
    };
    assert.equal(Object.keys(found.targets[0]!.classes), ['blue', 'green', 'none', 'red']);
  });
});

test('of two classes the area under the curve, precision and recall of the second are said', async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, 't.csv'), csv('kind'));
    const args = ['train', '--data', 't.csv', '--epochs', '60', '--out', 'o'];
    const trained = await lanewise(args, { cwd });
    assert.match(trained.stdout, /^AUC 0\.9\d\d, of 'small' precision [\d.]+ %, recall [\d.]+ %/m);
    const score = ['eval', join('o', 'model.safetensors'), '--data', 't.csv', '--json'];
    const record = eventsOf(await lanewise(score, { cwd }))[0] as unknown as {
      readonly twoClasses: {
        readonly positive: string;
        readonly auc: number;
        readonly recall: number;
      };
      readonly classes: readonly { readonly recall: number }[];
    };
    assert.is(record.twoClasses.positive, 'small');
    assert.ok(record.twoClasses.auc > 0.9);
    assert.is(record.twoClasses.recall, record.classes[1]!.recall);
  });
});

test('what does not go together is refused', async () => {
  const refusal = (text: string, ...options: string[]) =>
    inFolder(async (cwd) => {
      await writeFile(join(cwd, 't.csv'), text);
      const { code, stderr } = await lanewise(['train', '--data', 't.csv', ...options], { cwd });
      assert.is(code, 1, options.join(' '));
      return stderr;
    });
  assert.match(
    await refusal(csv('price').split('\n').slice(0, 41).join('\n'), '--intervals', '0.9'),
    /intervals of 90 % are calibrated by at least 9 samples that are not trained on, and 't\.csv validation' has 6\n.*--validation 0\.5/,
  );
  assert.match(
    await refusal(csv('kind'), '--intervals', '0.9'),
    /--intervals are of predicted numbers, and 't\.csv': column 'kind' holds classes/,
  );
  assert.match(
    await refusal(csv('kind'), '--intervals', '2'),
    /Expected a share from 0\.01 to 0\.999/,
  );
  assert.match(
    await refusal(csv('price', 'kind'), '--target', 'price,kind', '--task', 'labels'),
    /column 'price' holds [\d.]+, expected 0 and 1, as a label has/,
  );
  assert.match(
    await refusal(csv('price'), '--target', 'price,nothing'),
    /'t\.csv' has no column 'nothing', it has a, b, c, price/,
  );
  const digits = await lanewise(['train', '--data', 'digits', '--task', 'values']);
  assert.match(digits.stderr, /--task values goes with a CSV file.*, and the data is digits/);
});

test.run();
