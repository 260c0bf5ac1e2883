/** Tables beside each other: columns by name, categories by name, and what cannot be brought together. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvDataset, type FeatureDataset } from '../../src/data/csv-dataset.js';
import { withColumnsOf } from '../../src/data/table-match.js';
import { refusal } from '../support/refusal.js';

const read = (text: string, name = 't.csv'): Promise<FeatureDataset> =>
  csvDataset(new TextEncoder().encode(text), { target: 'y', name });

const KNOWN = 'a,c,b,y\n1,p,2,0\n3,q,4,1\n5,r,6,1\n';

test('columns and categories in another order are brought to the known one', async () => {
  const known = await read(KNOWN);
  assert.equal(known.features, ['a', 'c=p', 'c=q', 'c=r', 'b']);
  const other = await read('y,b,c,a\n0,2,p,1\n1,6,r,5\n');
  const { inputs, targets } = withColumnsOf(other, known.table, "the model's");
  assert.equal([...inputs['input']!.values], [1, 1, 0, 0, 2, 5, 0, 0, 1, 6]);
  assert.equal(inputs['input']!.shape, [5]);
  assert.equal(targets, other.targets);
  assert.is(withColumnsOf(known, known.table, "the model's"), known);
  assert.is(withColumnsOf(known, undefined, "the model's"), known);
});

test('what is missing, one too many or unknown is named', async () => {
  const { table } = await read(KNOWN);
  for (const [text, message] of [
    ['a,c,y\n1,p,0\n', /column 'b', one of the model's, is missing; there are a, c/],
    [
      'a,c,b,d,y\n1,p,2,3,0\n',
      /column 'd' is none of the model's: a, c, b\ncolumns: \{ "d": 'ignore' \}/,
    ],
    ['a,c,b,y\n1,w,2,0\n', /column 'c' has 'w', and p, q, r in the model's\nmissing: \['w'\]/],
    ['a,c,b,y\n1,2,2,0\n', /column 'c' holds numbers, and classes in the model's/],
  ] as const) {
    const data = await read(text);
    assert.match(await refusal(() => withColumnsOf(data, table, "the model's")), message);
  }
});

test.run();
