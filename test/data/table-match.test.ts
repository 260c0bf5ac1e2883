/** Tables beside each other: columns by name, categories by name, and what cannot be brought together. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvDataset, type FeatureDataset } from '../../src/data/csv-dataset.js';
import { samplesOf } from '../../src/data/forms.js';
import { withColumnsOf } from '../../src/data/table-tools.js';
import { standardize } from '../../src/data/standardize.js';
import { linear, sequential } from '../../src/layers/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';

const read = (text: string, name = 't.csv'): Promise<FeatureDataset> =>
  csvDataset(new TextEncoder().encode(text), { target: 'y', name });

const KNOWN = 'a,c,b,y\n1,p,2,0\n3,q,4,1\n5,r,6,1\n';

test('columns and categories in another order are brought to the known one', async () => {
  const known = await read(KNOWN);
  assert.equal(known.features, ['a', 'c=p', 'c=q', 'c=r', 'b']);
  const other = await read('y,b,c,a\n0,2,p,1\n1,6,r,5\n');
  const { inputs, targets } = withColumnsOf(samplesOf(other), known.table, 'the model');
  assert.equal([...inputs['input']!.values], [1, 1, 0, 0, 2, 5, 0, 0, 1, 6]);
  assert.equal(inputs['input']!.shape, [5]);
  assert.equal(targets, other.targets);
  const same = samplesOf(known);
  assert.is(withColumnsOf(same, known.table, 'the model'), same);
  assert.is(withColumnsOf(same, undefined, 'the model'), same);
});

test('what is missing, one too many or unknown is named', async () => {
  const { table } = await read(KNOWN);
  for (const [text, message] of [
    ['a,c,y\n1,p,0\n', /column 'b', which the model has, is missing; there are a, c/],
    [
      'a,c,b,d,y\n1,p,2,3,0\n',
      /column 'd' is none of those of the model: a, c, b\ncolumns: \{ "d": 'ignore' \}/,
    ],
    ['a,c,b,y\n1,w,2,0\n', /column 'c' has 'w', and p, q, r in the model\nmissing: \['w'\]/],
    ['a,c,b,y\n1,2,2,0\n', /column 'c' holds numbers, and classes in the model/],
  ] as const) {
    const data = await read(text);
    assert.match(await refusal(() => withColumnsOf(samplesOf(data), table, 'the model')), message);
  }
});

test('validation and evaluation of a table with other columns: by name', async () => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => [i % 2 ? 'p' : 'q', (i * 7) % 10, i % 2] as const,
  );
  const known = await read(`c,a,y\n${rows.map((row) => row.join(',')).join('\n')}`, 'known');
  const moved = await read(
    `y,a,c\n${rows.map(([c, a, y]) => `${y},${a},${c}`).join('\n')}`,
    'moved',
  );
  const settings = {
    data: known,
    optimizer: momentum({ lr: 0.1 }),
    epochs: 10,
    workers: 0,
  } as const;
  const model = sequential([linear(3, 1)], standardize(known).input);
  const run = (validation: FeatureDataset) =>
    train(model, { ...settings, validation, loss: 'meanSquaredError' });
  const { model: trained, history } = await run(moved);
  assert.is(history.at(-1)!.valLoss, (await run(known)).history.at(-1)!.valLoss);
  assert.is((await trained.evaluate(moved)).loss, (await trained.evaluate(known)).loss);
  const short = await read('c,y\np,1\nq,0\n', 'short');
  assert.match(
    await refusal(() => run(short)),
    /'short': column 'a', which the training data has, is missing/,
  );
  assert.match(
    await refusal(() => trained.evaluate(short)),
    /'short': column 'a', which the model has, is missing/,
  );
});

test.run();
