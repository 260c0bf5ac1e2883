/** Reports show a model's answers: values against truths, intervals, calibration, columns that matter, hardest samples. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { csvDataset } from '../../src/data/csv-dataset.js';
import { split } from '../../src/data/split-samples.js';
import { standardize } from '../../src/data/standardize.js';
import { linear, relu, rescale, sequential } from '../../src/layers/index.js';
import { meanSquaredError, quantile, type Loss } from '../../src/losses/index.js';
import { adam } from '../../src/optimizers/rules.js';
import type { Evaluation } from '../../src/runs/report/evaluation.js';
import { writeReport } from '../../src/runs/report/write.js';
import { train } from '../../src/train/train.js';
import { inFolder } from '../cli/lanewise.js';
import { judgedTables, readJudged } from '../../src/runs/report/judged.js';
import { missList } from '../../src/runs/report/answer-parts.js';
import { labelsSeen, valuesSeen, wrongLabels } from '../../src/runs/report/answers-seen.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { samplesSeen } from '../../src/runs/report/sample-seen.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { loadedIfSmall } from '../../src/cli/loading.js';
import { subset } from '../../src/data/subset.js';
import { samplesOf } from '../../src/data/forms.js';
import { refusal } from '../support/refusal.js';

/** Rows whose price depends on length and colour, and on nothing else; whether it is dear is a class. */
const rows = Array.from({ length: 400 }, (_, i) => {
  const [length, noise, c] = [((i * 7919) % 601) / 60, ((i * 104_729) % 397) / 40, (i * 31) % 3];
  const price = 3 * length + 4 * c;
  return `${length.toFixed(3)},${noise.toFixed(3)},${['red', 'green', 'blue'][c]},${price.toFixed(3)},${price > 18 ? 'dear' : 'cheap'}`;
});

async function table(cwd: string, target: string, other: string) {
  const path = join(cwd, 'prices.csv');
  await writeFile(path, ['length,noise,colour,price (EUR),kind', ...rows].join('\n'));
  return split(await csvDataset(path, { target, columns: { [other]: 'ignore' } }), 0.75);
}

const evaluationIn = async (folder: string): Promise<Evaluation> =>
  JSON.parse(await readFile(join(folder, 'evaluation.json'), 'utf8')) as Evaluation;

async function priceRun(cwd: string, outputs: number, lossOf: (scale: number) => Loss) {
  const [data, held] = await table(cwd, 'price (EUR)', 'kind');
  const prices = data.targets['output']!.values as Float32Array;
  const mean = prices.reduce((a, b) => a + b, 0) / prices.length;
  const deviation = 9;
  const { input } = standardize(data);
  const model = sequential(
    {
      hidden: linear(5, 16),
      act: relu(),
      out: linear(16, outputs),
      price: rescale({ mean, deviation }),
    },
    input,
  );
  const folder = join(cwd, 'run');
  await train(
    model,
    { data, validation: held, loss: lossOf(deviation), optimizer: adam({ lr: 0.02 }), epochs: 15 },
    { folder, test: held },
  );
  return { folder, found: await evaluationIn(folder) };
}

test('a run of values has truths, predictions, baselines, columns and the hardest rows', async () => {
  await inFolder(async (cwd) => {
    const { folder, found } = await priceRun(cwd, 1, (scale) => meanSquaredError({ scale }));
    const [value] = found.values!;
    assert.is(value!.name, 'price (EUR)');
    assert.is(value!.truths.length, 100);
    assert.ok(value!.r2! > 0.95, String(value!.r2));
    assert.is(value!.interval, undefined);
    const [mean] = found.baselines!;
    assert.is(mean!.name, 'the mean');
    assert.ok(mean!.figures['rmse']! > 3 * value!.rmse);
    assert.equal(
      found.importance!.map(({ column }) => column),
      ['length', 'colour', 'noise'],
    );
    const [length, , noise] = found.importance!;
    assert.ok(length!.rise > 5 && Math.abs(noise!.rise) < 1);
    const errors = found.misses!.map((miss) => Math.abs(miss.truth - miss.value));
    assert.equal(
      errors,
      errors.toSorted((a, b) => b - a),
    );
    assert.is(found.misses!.length, 24);
    const cells = new Map(found.misses![0]!.cells as [string, string][]);
    assert.equal([...cells.keys()], ['length', 'colour', 'noise']);
    assert.ok(['red', 'green', 'blue'].includes(cells.get('colour')!));
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    for (const what of ['predicted against true', 'residuals', 'Columns that matter', 'the mean'])
      assert.ok(page.includes(what), what);
  });
});

test('intervals say how many truths they hold', async () => {
  await inFolder(async (cwd) => {
    const quantiles = [0.05, 0.5, 0.95];
    const { found } = await priceRun(cwd, 3, (scale) => quantile({ quantiles, scale }));
    const { level, covered, low, high } = found.values![0]!.interval!;
    assert.is(level.toFixed(6), '0.900000');
    assert.ok(low.every((bound, i) => bound <= high[i]!));
    const { truths } = found.values![0]!;
    const inside = truths.filter((truth, i) => truth >= low[i]! && truth <= high[i]!);
    assert.is(covered, inside.length / truths.length);
  });
});

test('a run of classes has calibration and rows for its mistakes, and reads judgement.json', async () => {
  await inFolder(async (cwd) => {
    const [data, held] = await table(cwd, 'kind', 'price (EUR)');
    const model = sequential({ out: linear(5, 2) }, standardize(data).input);
    const folder = join(cwd, 'run');
    await train(
      model,
      { data, validation: held, optimizer: adam({ lr: 0.02 }), epochs: 2 },
      { folder, test: held },
    );
    const judged = {
      figure: 'accuracy',
      better: 'higher',
      samples: 100,
      value: 0.8,
      low: 0.7,
      high: null,
      confidence: 0.95,
      baselines: [{ name: 'always <b>', value: 0.9, low: 0.8, high: 0.95, lead: -0.1 }],
    };
    const path = join(folder, 'judgement.json');
    await writeFile(path, JSON.stringify(judged));
    const page = await readFile(await writeReport(folder), 'utf8');
    assert.ok(page.includes('Not beaten: always &lt;b&gt;.'));
    await writeFile(path, JSON.stringify({ ...judged, samples: 'many' }));
    assert.match(await refusal(() => writeReport(folder)), /judgement.json.*samples is 'many'/);
  });
});

test('texts whose words are counted are seen by their words, the rarest first', async () => {
  const texts = ['the cat sat', 'the dog sat', 'the cat ran', 'the dog ran'];
  const data = textDataset({ texts, labels: ['cat', 'dog', 'cat', 'dog'] });
  const [seen] = await samplesSeen(samplesOf(data), [1]);
  assert.equal(seen!.cells, [['words, the rarest first:', 'sat, dog, the']]);
});

test('samples of files keep their names when they are read into memory', async () => {
  const data = {
    name: 'files',
    shape: [1, 2, 2] as const,
    classes: ['a', 'b'],
    labels: Uint8Array.of(0, 1),
    reader: {
      type: 'uint8' as const,
      read: (index: number, to: Uint8Array | Float32Array) => void to.fill(index),
      describe: (index: number) => `'${resolve('folder', `${index}.png`)}'`,
    },
  };
  const { test: read } = await loadedIfSmall({ train: data, test: data }, { decoders: 0 });
  const [seen] = await samplesSeen(samplesOf(read), [1]);
  assert.is(seen!.file, join('folder', '1.png'));
  const [other] = await samplesSeen(samplesOf(subset(read, [1])), [0]);
  assert.is(other!.file, undefined);
});

test('dates have a time of day if their column has', async () => {
  await inFolder(async (cwd) => {
    const path = join(cwd, 'dates.csv');
    await writeFile(
      path,
      'day,hour,y\n2024-05-31,2024-05-31 18:30,1\n2023-01-02,2023-01-02 00:00,2\n',
    );
    const columns = { day: 'date', hour: 'date' } as const;
    const dates = await csvDataset(path, { target: 'y', columns });
    const [seen] = await samplesSeen(samplesOf(dates), [0]);
    assert.equal(seen!.cells, [
      ['day', '2024-05-31'],
      ['hour', '2024-05-31 18:30'],
    ]);
  });
});

test('the table of baselines has each target, by its name', () => {
  const one = { value: 0.9, low: 0.8, high: 0.95 };
  const figure = { ...one, samples: 1234, confidence: 0.95, better: 'higher' as const };
  const mean = { name: 'the mean', value: -0.00001, low: -0.07, high: 0, lead: 0.9 };
  const judged = {
    ...figure,
    figure: 'r2',
    of: 'price',
    baselines: [mean],
    others: [
      {
        ...figure,
        figure: 'accuracy',
        of: 'kind',
        baselines: [{ ...mean, value: 0.95, lead: -0.05 }],
      },
    ],
  };
  const page = judgedTables(readJudged(Buffer.from(JSON.stringify(judged)), 'j')).html;
  assert.match(page, /The R² of price on 1,234 samples[^]*The accuracy of kind/);
  assert.match(page, /<td>0<\/td>\s*<td>-0.07<\/td>[^]*<td>95.00 %<\/td>/);
  assert.match(page, /Not beaten: the mean/);
});

test('labels have figures each, and no residuals', () => {
  const classes = ['sunny', 'windy'];
  const samples = {
    name: 'days',
    count: 3,
    inputs: { input: { shape: [1], values: Float32Array.of(1, 2, 3) } },
    targets: { output: { shape: [2], values: Float32Array.of(1, 0, 1, 1, 0, 0) } },
    table: {
      columns: [{ name: 'a', type: 'number' as const }],
      targets: [{ name: 'tags', type: 'labels' as const, classes }],
    },
  };
  const scores = Float32Array.of(0.9, 0.6, 0.2, 0.7, 0.1, 0.1);
  assert.equal(labelsSeen(samples, scores), [
    { name: 'sunny', samples: 2, precision: 1, recall: 0.5, f1: 2 / 3 },
    { name: 'windy', samples: 1, precision: 0.5, recall: 1, f1: 2 / 3 },
  ]);
  assert.is(wrongLabels(samples, scores), 1 / 3);
  const term = { output: 'output', target: 'output', loss: { kind: 'x' } };
  const trained = { terms: [term] } as unknown as TrainedModel;
  assert.is(valuesSeen(trained, samples, scores), undefined);
});

test('a miss is shown with the digits that tell it from the truth', () => {
  const shown = missList([{ index: 0, truth: 100.42, value: 101.37 }], 'price').html;
  assert.match(shown, /100\.42.*predicted as\s.*101\.37/s);
});

test.run();
