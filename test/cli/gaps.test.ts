/** Tables with gaps and dates on the command line: replaced by the training part's values, known again by eval and predict. */
// slow: trains on tables
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csvDataset } from '../../src/data/csv-dataset.js';
import { split } from '../../src/data/split-samples.js';
import { loadModel } from '../../src/trained/model-store.js';
import { evalOf, eventsOf, inFolder, lanewise } from './lanewise.js';

const PORTS = ['C', 'Q', 'S'];
/** Gaps in a number, a class and a date; one row without a target. */
const lines = Array.from({ length: 160 }, (_, i) => {
  const kind = i % 2 ? 'yes' : 'no';
  const at = new Date(Date.UTC(2023, 0, 1) + i * 3 * 86_400_000).toISOString().slice(0, 10);
  return [
    i % 6 === 5 ? '' : ((i * 37) % 101) + (i % 2) * 60,
    i % 11 === 3 ? 'NA' : PORTS[(i * 5) % 3],
    i % 13 === 4 ? '' : at,
    i === 8 ? '' : kind,
  ].join(',');
});
const TABLE = ['age,port,at,kind', ...lines].join('\n');

test('gaps and dates are trained on, said, and known again', async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, 't.csv'), TABLE);
    const args = ['--epochs', '20', '--workers', '0', '--no-report', '--json'];
    const run = await lanewise(['train', 'mlp', '--data', 't.csv', ...args], { cwd });
    assert.is(run.code, 0, run.stderr);
    for (const said of [
      'note: 1 row has no target and is left out',
      "note: column 'at' holds dates, which become features: time, year, week; --ignore at leaves it out",
      "note: values are missing in age (26), port (15), at (12): the training part's median stands for them, and one more feature says where; of classes they are one of their own; --missing drop leaves such rows out",
    ])
      assert.ok(run.stderr.includes(said), run.stderr);
    const file = join('runs', 'mlp-t', 'model.safetensors');
    const model = await loadModel(join(cwd, file));
    const [age, port, at] = model.table!.columns;
    assert.equal([port!.classes, port!.missing], [['C', 'Q', 'S', ''], '']);
    assert.equal([at!.parts, at!.flag, age!.flag], [['time', 'year', 'week'], true, true]);
    assert.equal(model.model.architecture.inputs['input']!.shape, [12, 1, 1]);

    // The median is that of the training part alone.
    const whole = await csvDataset(join(cwd, 't.csv'), {
      target: 'kind',
      missing: 'keep',
      columns: { at: 'date' },
    });
    const [train, held] = split(whole, { fraction: 0.8, stratified: true, seed: 1 });
    const medianOf = ({ inputs }: typeof whole): number => {
      const { values } = inputs['input']!;
      const width = whole.features.length;
      const ages = values.filter((value, i) => i % width === 0 && !Number.isNaN(value)).toSorted();
      const half = ages.length >> 1;
      return ages.length % 2 ? ages[half]! : (ages[half - 1]! + ages[half]!) / 2;
    };
    assert.is(age!.missing, medianOf(train));
    assert.is.not(medianOf(train), medianOf(whole));

    // The same held-out rows, and none of training.
    const again = evalOf(
      await lanewise(['eval', file, '--data', 't.csv', '--json', '--workers', '0'], { cwd }),
    );
    const trained = evalOf(run);
    assert.equal(
      [again['samples'], again['scored'], again['trainedOn'], again['loss'], again['testAccuracy']],
      [
        held.targets['output']!.values.length,
        'heldOut',
        0,
        trained['loss'],
        trained['testAccuracy'],
      ],
    );

    await writeFile(join(cwd, 'new.csv'), 'port,at,age\n,,\nS,2024-02-29,70\n');
    const rows = [
      { age: null, port: null, at: null },
      { age: 70, port: 'S', at: '2024-02-29' },
    ];
    const predicted = eventsOf(await lanewise(['predict', file, 'new.csv', '--json'], { cwd }));
    assert.equal(
      predicted.map(({ answer }) => answer),
      (await model.predict(rows)).answers,
    );
  });
});

test('a gap where training had none: the usual value in a held-out part, refused in new rows', async () => {
  await inFolder(async (cwd) => {
    const kinds = Array.from({ length: 60 }, (_, i) => (i % 2 ? 'yes' : 'no'));
    const rows = kinds.map((kind, i) => `${i % 7},${kind}`);
    const whole = await csvDataset(new TextEncoder().encode(['a,y', ...rows].join('\n')), {
      target: 'y',
    });
    // A row that is held out loses its value.
    const labelled = {
      ...whole,
      inputs: { input: { shape: [1], values: Float32Array.from(kinds, (_, i) => i) } },
    };
    const [, held] = split(labelled, { fraction: 0.8, stratified: true, seed: 1 });
    const place = held.inputs.input.values[0]!;
    rows[place] = `,${kinds[place]}`;
    await writeFile(join(cwd, 't.csv'), ['a,y', ...rows].join('\n'));
    const args = ['--epochs', '2', '--workers', '0', '--no-report', '--json'];
    const run = await lanewise(['train', 'mlp', '--data', 't.csv', ...args], { cwd });
    assert.is(run.code, 0, run.stderr);
    const file = join('runs', 'mlp-t', 'model.safetensors');
    const { table } = await loadModel(join(cwd, file));
    assert.equal(
      table!.columns.map(({ missing, flag }) => [typeof missing, flag]),
      [['number', undefined]],
    );
    const drop = ['train', 'mlp', '--data', 't.csv', ...args, '--missing', 'drop', '--out', 'drop'];
    assert.is((await lanewise(drop, { cwd })).code, 0);
    await writeFile(join(cwd, 'new.csv'), 'a\n\n3\nNA\n');
    const refused = await lanewise(['predict', 'drop/model.safetensors', 'new.csv'], { cwd });
    assert.match(
      refused.stderr,
      /'new\.csv' line 4, column 'a': the value is missing, as none was in training/,
    );
  });
});

test.run();
