/** A model file's description of its training data: written for every kind of data, read again, checked. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import {
  arrays,
  csvDataset,
  decodeModel,
  digits,
  embedding,
  encodeModel,
  kFold,
  linear,
  mlp,
  sequential,
  split,
  subset,
  textWindows,
  train,
  type AnyDataset,
  type Model,
} from '../../src/index.js';
import type { LossSetting } from '../../src/losses/terms.js';
import { sgd } from '../../src/optimizers/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { originOf } from '../../src/data/origin.js';
import { leftOut } from '../../src/data/left-out.js';
import { refusal } from '../support/refusal.js';

/** A model trained on the data for a step, as its file tells it. */
async function throughFile(model: Model, data: AnyDataset, loss?: LossSetting) {
  const settings = { data, optimizer: sgd({ lr: 0.1 }), epochs: 1, workers: 0 };
  const { model: trained } = await train(model, { ...settings, ...(loss ? { loss } : {}) });
  const back = decodeModel(encodeModel(trained), 'm');
  for (const key of ['classes', 'targetClasses', 'table', 'vocabulary', 'origin'] as const)
    assert.equal(back[key], trained[key], key);
  return back;
}

const rows = 'a,b,kind\n1,2,tall\n3,4,wide\n5,1,tall\n0,2,wide\n';

test('class names of tables and of arrays are in the file', async () => {
  const table = await csvDataset(new TextEncoder().encode(rows), { target: 'kind' });
  const trained = await throughFile(sequential([linear(2, 2)], { input: [2] }), table);
  assert.equal(trained.classes, ['tall', 'wide']);
  const named = arrays({ samples: [[1], [2]], labels: ['no', 'yes'] });
  const other = await throughFile(sequential([linear(1, 2)], { input: [1] }), named);
  assert.equal(other.classes, ['no', 'yes']);
  const numbered = arrays({ samples: [[1], [2]], labels: [0, 1] });
  assert.is('classes' in numbered, false, 'numbers are no names');
});

test('of several targets each has its own names, and the first output’s are the model’s', async () => {
  const label = (...values: number[]) => ({ shape: [], values: Int32Array.from(values) });
  const data = {
    name: 'two',
    inputs: { input: { shape: [1], values: Float32Array.of(1, 2) } },
    targets: { size: label(0, 2), kind: label(1, 0) },
    classes: { size: ['s', 'm', 'l'], kind: ['x', 'y'] },
  };
  const model = sequential([linear(1, 3)], { input: [1] });
  const loss = { output: { loss: 'crossEntropy', target: 'size' } } as const;
  const trained = await throughFile(model, data, loss);
  assert.equal(trained.classes, ['s', 'm', 'l']);
  assert.equal(trained.targetClasses, data.classes);
  const of = (classes: unknown) =>
    refusal(() => throughFile(model, { ...data, classes } as typeof data, loss));
  assert.match(
    await of(['s', 'm', 'l']),
    /classes is one list, and targets size, kind hold classes: expected a list for each/,
  );
  assert.match(
    await of({ sise: ['s'] }),
    /classes has names for 'sise', expected a target that holds class indices: size, kind/,
  );
  assert.match(await of({ size: ['s', 'm', 3] }), /classes of 'size' have 3 at 2, expected names/);
});

test('a text’s vocabulary is in the file', async () => {
  const data = textWindows('abcabcabc', { length: 2 });
  const model = sequential([embedding(3, 4), linear(4, 3)], { input: [2], vocabulary: 3 });
  assert.equal((await throughFile(model, data)).vocabulary, ['a', 'b', 'c']);
});

test('what a part was taken from, and how, is in the file, and finds what was left out', async () => {
  const whole = digits({ count: 50 });
  const [known, test] = split(whole, { fraction: 0.8, stratified: true, seed: 3 });
  const [learned] = split(known, { count: 30 });
  const { origin } = await throughFile(mlp(), learned);
  assert.is(origin!.samples, 50);
  assert.is(origin!.fingerprint, originOf(samplesOf(digits({ count: 50 })))!.fingerprint);
  assert.equal(origin!.selections, [
    { by: 'split', count: 40, shuffled: true, stratified: true, seed: 3, part: 0 },
    { by: 'split', count: 30, shuffled: true, stratified: false, seed: 1, part: 0 },
  ]);
  const again = leftOut(
    digits({ count: 50 }),
    origin!.selections[0] as Parameters<typeof leftOut>[1],
  );
  assert.equal(again.labels, test.labels);
  assert.equal(again.samples, test.samples);

  const times = Array.from({ length: 50 }, (_, i) => i % 10);
  const [before, latest] = split(whole, { fraction: 0.8, times });
  const dated = (await throughFile(mlp(), before)).origin!.selections[0]!;
  assert.is(dated.by, 'places');
  assert.equal(leftOut(whole, dated as Parameters<typeof leftOut>[1]).samples, latest.samples);

  const [[training, fold]] = [...kFold(whole, 5, { stratified: true })].slice(2) as [
    [typeof whole, typeof whole],
  ];
  const [selection] = training.origin!.selections;
  assert.equal(selection, { by: 'kFold', k: 5, fold: 2, stratified: true, seed: 1, part: 0 });
  assert.equal(leftOut(whole, selection as Parameters<typeof leftOut>[1]).samples, fold.samples);
  assert.equal(subset(whole, [4, 5]).origin!.selections, [{ by: 'subset', count: 2 }]);
  assert.is.not(
    originOf(samplesOf(digits({ count: 50, seed: 2 })))!.fingerprint,
    origin!.fingerprint,
  );
});

test('what a file says of its data is checked, and what a later version adds passed over', async () => {
  const file = encodeModel(await throughFile(mlp(), digits({ count: 20 })));
  const { tensors, metadata } = decodeSafetensors(file, 'm');
  const read = (changes: Record<string, string>) =>
    decodeModel(encodeSafetensors(tensors, { ...metadata, ...changes }), 'm.safetensors');
  const origin = JSON.parse(metadata['origin']!) as object;
  const selection = { by: 'split', count: 5, shuffled: true, stratified: false, seed: 1, part: 0 };
  const columns = [
    { name: 'a', type: 'number', later: 1 },
    { name: 'b', type: 'class', classes: ['x'] },
  ];
  const known = read({
    later: 'x',
    table: JSON.stringify({ columns, target: 'kind', later: [] }),
    origin: JSON.stringify({
      ...origin,
      later: 1,
      selections: [{ ...selection, later: 2 }, { by: 'weeks' }],
    }),
  });
  assert.equal(known.table, {
    columns: [{ name: 'a', type: 'number' }, columns[1]],
    targets: [{ name: 'kind', type: 'class', classes: known.classes }],
  });
  assert.equal(known.origin!.selections, [selection, { by: 'subset', count: 1 }]);
  for (const [field, wrong, why] of [
    ['vocabulary', '[1]', /its vocabulary is not a list of texts/],
    ['targetClasses', '["a"]', /its targetClasses are not lists of names by target/],
    ['targetClasses', '{"a":[1]}', /its targetClasses are not lists/],
    ['table', '{"columns":[{"name":"a","type":"class"}]}', /its table is not a list of columns/],
    ['table', '{"columns":[{"name":"a","type":"date"}]}', /its table is not a list of columns/],
    ['table', '[]', /its table is not a list of columns/],
    [
      'origin',
      '{"samples":0,"fingerprint":"","selections":[]}',
      /its origin has no number of samples/,
    ],
    [
      'origin',
      JSON.stringify({ ...origin, selections: [{ ...selection, part: 2 }] }),
      /its origin/,
    ],
    [
      'origin',
      JSON.stringify({ ...origin, selections: [{ ...selection, seed: -1 }] }),
      /its origin/,
    ],
    [
      'origin',
      JSON.stringify({ ...origin, selections: Array.from({ length: 65 }, () => selection) }),
      /its origin/,
    ],
    ['origin', 'no JSON', /its origin/],
  ] as const) {
    assert.match(await refusal(() => read({ [field]: wrong })), why, `${field} ${wrong}`);
  }
});

test.run();
