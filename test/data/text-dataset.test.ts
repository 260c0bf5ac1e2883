/** Texts with classes: their features, vocabularies, models that take texts, and JSON lines. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bagsOf, bagVocabulary, unitsOf } from '../../src/data/text-bags.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { jsonRecords } from '../../src/formats/json-lines.js';
import { textClassifier } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

test('words are letters, numbers or signs in small letters; trigrams run over spaces', () => {
  assert.equal(unitsOf('It’s  Ünïque,\nno. 42!', 'words'), [
    'it’s',
    'ünïque',
    ',',
    'no',
    '.',
    '42',
    '!',
  ]);
  assert.equal(unitsOf('Ab c', 'trigrams'), [' ab', 'ab ', 'b c', ' c ']);
  assert.equal(unitsOf('', 'words'), []);
  assert.equal(unitsOf(' ', 'trigrams'), []);
});

test('the vocabulary has the most frequent units, counted once a text, ties by code points', () => {
  assert.equal(bagVocabulary(['b a a a', 'b c'], 'words', 9), ['', 'b', 'a', 'c']);
  assert.equal(bagVocabulary(['b a', 'b c'], 'words', 2), ['', 'b']);
  // Of many texts only what occurs in two.
  const many = [...Array(30).keys()].map((i) => `all ${i}`);
  assert.equal(bagVocabulary(many, 'words', 9), ['', 'all']);
});

test('features are roots of shares, and the first one is of what is not known', () => {
  const rows = bagsOf(['a a b x', '', 'y'], 'words', ['', 'a', 'b']);
  const [x, a, b] = [0.25, 0.5, 0.25].map((share) => Math.fround(Math.sqrt(share)));
  assert.equal([...rows], [x, a, b, 0, 0, 0, 1, 0, 0]);
});

const texts = [
  'good fine book',
  'a bad film',
  'fine good play',
  'bad dull play',
  'good',
  'so dull',
];
const labels = ['+', '-', '+', '-', '+', '-'];

test('a model of texts keeps its vocabulary in the file, and takes texts', async () => {
  const data = textDataset({ texts, labels });
  assert.equal(data.classes, ['+', '-']);
  const model = textClassifier({ features: data.shape[0], dropout: 0 });
  const { model: trained } = await train(model, {
    data,
    optimizer: adam({ lr: 0.05 }),
    epochs: 30,
    numerics: 'strict',
    workers: 0,
  });
  const back = decodeModel(encodeModel(trained), 'm');
  assert.equal([back.vocabulary, back.text], [data.vocabulary, data.text]);
  const { classes, scores } = await back.predict(['a good play', 'dull, bad']);
  assert.equal([...classes], [0, 1]);
  const rows = bagsOf(['a good play', 'dull, bad'], 'words', data.vocabulary);
  assert.equal(scores, (await trained.predict(rows, data.shape)).scores);
  // A part's vocabulary for another part.
  const other = textDataset({
    texts: ['good film'],
    labels: ['+'],
    classes: data.classes,
    vocabulary: data.vocabulary,
  });
  assert.equal((await trained.evaluate(other)).accuracy, 1);
});

test('what is no data set of texts is refused by what is wrong', async () => {
  const of = (options: object) =>
    refusal(() => textDataset({ texts, labels, ...options } as never));
  assert.match(await of({ labels: ['+'] }), /6 texts have 1 labels, expected one each/);
  assert.match(await of({ classes: ['+'] }), /label 1 is '-', expected one of \+/);
  assert.match(await of({ vocabulary: ['a', 'b'] }), /expected a list that begins with ''/);
  assert.match(await of({ by: 'letters' }), /by is 'letters', expected one of words, trigrams/);
});

async function* pieces(text: string | Uint8Array, size: number) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (text: string | Uint8Array, size = 7) => {
  const records = [];
  for await (const record of jsonRecords(pieces(text, size), 'x.jsonl')) records.push(record);
  return records;
};

const LINES = '{"a": "ü, x", "b": 1.50}\r\n\n{"b": null, "a": true}\n{"a": "last"}';

test('JSON lines are records, however the file is cut', async () => {
  for (const size of [1, 3, 99])
    assert.equal(await read(LINES, size), [
      { line: 1, fields: ['a', 'b'] },
      { line: 1, fields: ['ü, x', '1.5'] },
      { line: 3, fields: ['true', ''] },
      { line: 4, fields: ['last', ''] },
    ]);
  for (const [text, message] of [
    ['[1]', /line 1 is \[1\], expected an object/],
    ['{"a": 1}\n{"a": {}}', /line 2: field 'a' is an object, expected a text or a number/],
    ['{"a": 1}\n{"z": 1}', /line 2 has a field 'z', which the first line lacks; it has a/],
    ['{"a": 1', /line 1 is not JSON/],
    ['{}', /line 1 has 0 fields/],
  ] as const)
    assert.match(await refusal(() => read(text)), message);
});

test('10,000 changed files of JSON lines are read or refused by name', async () => {
  await fuzz(
    [new TextEncoder().encode(LINES)],
    fuzzCount(10_000),
    (bytes) => read(bytes, 64),
    ([names, ...rows]) =>
      assert.ok(rows.every(({ fields }) => fields.length === names!.fields.length)),
  );
});

test.run();
