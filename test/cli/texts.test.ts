/** Texts with classes on the command line: folders, CSV and JSON lines; and JSON lines of plain columns as tables. */
// slow: trains on texts
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadData } from '../../src/cli/data-sources.js';
import { isTextFolder } from '../../src/cli/texts-source.js';
import type { LabelledDataset } from '../../src/data/dataset.js';
import { samplesOf } from '../../src/data/forms.js';
import { samplesSeen } from '../../src/runs/report/sample-seen.js';
import { loadModel } from '../../src/trained/model-store.js';
import { refusal } from '../support/refusal.js';
import { evalOf, eventsOf, inFolder, lanewise } from './lanewise.js';

const quick = ['--epochs', '20', '--numerics', 'strict', '--no-report', '--json'];

/** Sentences about weather or money, of words of their own and some of both. */
const sentence = (i: number): readonly [text: string, label: string] => {
  const [own, label] =
    i % 2 === 0
      ? [['rain', 'sun', 'cloud', 'storm', 'wind'], 'weather']
      : [['bank', 'loan', 'coin', 'tax', 'debt'], 'money'];
  const pick = (list: readonly string[], k: number) => list[(i * 7 + k * 3) % list.length]!;
  const both = ['the', 'a', 'of', 'and'];
  return [
    `The ${pick(own, i)} ${pick(both, i)} ${pick(own, i + 1)}, ${pick(both, i + 2)} more.`,
    label,
  ];
};
const sentences = Array.from({ length: 60 }, (_, i) => sentence(i));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const accuracyOf = (record: Record<string, unknown>) => record['testAccuracy'] as number;

test('JSON lines with a column of texts: train, eval of what was held out, predict, export', () =>
  inFolder(async (cwd) => {
    const lines = sentences.map(([body, kind], id) => JSON.stringify({ id, body, kind }));
    await write(join(cwd, 'news.jsonl'), lines.join('\n'));
    const data = ['--data', 'news.jsonl', '--target', 'kind', '--text', 'body'];
    const run = await lanewise(['train', ...data, ...quick], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.is(eventsOf(run)[0]!['model'], 'textclassifier');
    const scored = evalOf(run);
    assert.is(scored['samples'], 12);
    assert.is(accuracyOf(scored), 1);
    const [always] = scored['baselines'] as { name: string; accuracy: number }[];
    assert.match(always!.name, /^always /);

    const file = join(cwd, 'runs', 'textclassifier-news', 'model.safetensors');
    const model = await loadModel(file);
    assert.equal(model.classes, ['money', 'weather']);
    assert.equal(
      [model.text!.column, model.text!.target, model.text!.by],
      ['body', 'kind', 'words'],
    );
    assert.ok(model.vocabulary!.includes('the') && !model.vocabulary!.includes('The'));
    // Neither column is named again: the model knows them, and which texts were held out.
    const again = await lanewise(['eval', file, '--data', 'news.jsonl', '--json'], { cwd });
    assert.is(again.code, 0, again.stderr);
    const [record] = eventsOf(again);
    assert.equal(
      [record!['scored'], accuracyOf(record!), record!['loss']],
      ['heldOut', 1, scored['loss']],
    );

    await write(join(cwd, 'new.jsonl'), '{"body": "a storm and wind"}\n{"body": "tax and debt"}');
    const told = await lanewise(['predict', file, 'new.jsonl', '--json'], { cwd });
    assert.equal(
      eventsOf(told).map(({ image, name }) => [image, name]),
      [
        ['new.jsonl row 1', 'weather'],
        ['new.jsonl row 2', 'money'],
      ],
    );
    const { scores } = await model.predict(['a storm and wind']);
    assert.equal(eventsOf(told)[0]!['scores'], [...scores]);
    const exported = await lanewise(['export', file, '--data', 'news.jsonl', '--out', 'p.csv'], {
      cwd,
    });
    assert.is(exported.code, 0, exported.stderr);
    assert.is((await readFile(join(cwd, 'p.csv'), 'utf8')).trim().split('\n').length, 13);
    const shown = await lanewise(['inspect', file], { cwd });
    assert.match(shown.stdout, /text {8}words of column body/);
  }));

test('a folder of texts, with parts or without, and its files are predicted', () =>
  inFolder(async (cwd) => {
    for (const [i, [text, label]] of sentences.entries()) {
      await write(join(cwd, 'whole', label, `${i}.txt`), text);
      const part = i < 40 ? 'train' : i < 50 ? 'val' : 'test';
      await write(join(cwd, 'parts', part, label, `${i}.txt`), text);
    }
    const parts = await loadData(join(cwd, 'parts'));
    assert.equal(
      [parts.train, parts.validation!, parts.test].map((part) =>
        'labels' in part ? part.labels.length : 0,
      ),
      [40, 10, 10],
    );
    assert.is(await isTextFolder(join(cwd, 'parts')), true);
    await write(join(cwd, 'images', 'a', 'notes.txt'), 'no class');
    await write(join(cwd, 'images', 'a', '1.png'), '');
    assert.is(await isTextFolder(join(cwd, 'images')), false);
    const run = await lanewise(['train', '--data', 'whole', '--tokens', 'trigrams', ...quick], {
      cwd,
    });
    assert.is(run.code, 0, run.stderr);
    assert.ok(accuracyOf(evalOf(run)) > 0.9);
    const file = join(cwd, 'runs', 'textclassifier-whole', 'model.safetensors');
    assert.is((await loadModel(file)).text!.by, 'trigrams');
    await write(join(cwd, 'new.txt'), 'Rain, wind and storm');
    const told = await lanewise(['predict', file, 'new.txt', 'parts/test/money', '--json'], {
      cwd,
    });
    assert.is(told.code, 0, told.stderr);
    const names = eventsOf(told).map(({ name }) => name);
    assert.equal(names, ['weather', ...Array(5).fill('money')]);
    const missing = await lanewise(['predict', file, 'no.txt'], { cwd });
    assert.match(missing.stderr, /cannot read text 'no\.txt': there is no such file/);
    const table = await lanewise(['predict', file, 'new.jsonl'], { cwd });
    assert.match(table.stderr, /is a table, and the model was trained on files of texts/);
  }));

test('CSV with a column of texts, and what does not go with texts', () =>
  inFolder(async (cwd) => {
    const lines = sentences.map(([body, kind]) => `"${body}",${kind}`);
    await write(join(cwd, 'news.csv'), ['body,kind', ...lines].join('\n'));
    const data = ['--data', 'news.csv', '--text', 'body'];
    const run = await lanewise(['train', ...data, ...quick, '--keep-best'], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.is(accuracyOf(evalOf(run)), 1);
    const refused = async (...args: string[]) =>
      (await lanewise(['train', ...args], { cwd })).stderr;
    assert.match(await refused('lenet5', ...data), /lenet5 does not tell texts apart/);
    assert.match(
      await refused('--data', 'news.csv', '--text', 'bodi'),
      /'news\.csv' has no column 'bodi'; it has body, kind\n {2}did you mean 'body'\?/,
    );
    assert.match(await refused('--data', 'digits', '--text', 'x'), /--text x goes with a CSV file/);
    await write(join(cwd, 'gap.csv'), 'body,kind\nyes,a\nno,');
    assert.match(
      await refused('--data', 'gap.csv', '--text', 'body'),
      /line 3, column 'kind': the class is missing/,
    );
    await write(join(cwd, 'one.csv'), 'body\nyes\nno');
    assert.match(
      await refused('--data', 'one.csv', '--text', 'body'),
      /has no column of classes besides 'body'/,
    );
  }));

test('JSON lines of plain columns are a table', () =>
  inFolder(async (cwd) => {
    const row = (i: number) => ({
      size: i % 7,
      hue: (i * 13) % 31,
      kind: i % 7 < 3 ? 'small' : 'large',
    });
    const lines = Array.from({ length: 90 }, (_, i) => JSON.stringify(row(i)));
    await write(join(cwd, 't.jsonl'), lines.join('\n'));
    const { train } = await loadData(join(cwd, 't.jsonl'), { target: 'kind' });
    assert.equal(
      train.table!.columns.map(({ name, type }) => [name, type]),
      [
        ['size', 'number'],
        ['hue', 'number'],
      ],
    );
    const run = await lanewise(['train', 'mlp', '--data', 't.jsonl', ...quick], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.ok(accuracyOf(evalOf(run)) > 0.9);
  }));

test('numbers that are a quantity are no classes of texts', () =>
  inFolder(async (cwd) => {
    const loaded = (stars: (i: number) => number) => async () => {
      const rows = sentences.map(([body], i) => JSON.stringify({ body, stars: stars(i) }));
      await write(join(cwd, 'r.jsonl'), rows.join('\n'));
      return loadData(join(cwd, 'r.jsonl'), { text: 'body', target: 'stars' });
    };
    assert.match(
      await refusal(loaded((i) => i / 7)),
      /column 'stars' holds 60 different numbers from 0 to 8\.4\d+ in 60 texts, a quantity rather than classes/,
    );
    const values = () => loadData(join(cwd, 'r.jsonl'), { text: 'body', task: 'values' });
    assert.match(await refusal(values), /--task values does not go with texts/);
    const { train } = await loaded((i) => (i % 4) / 2)();
    assert.equal((train as { readonly classes: readonly string[] }).classes, [
      '0',
      '0.5',
      '1',
      '1.5',
    ]);
  }));

test('texts are known by their files or rows, as a report names them', () =>
  inFolder(async (cwd) => {
    const path = join(cwd, 'r.jsonl');
    await write(path, sentences.map(([body, kind]) => JSON.stringify({ body, kind })).join('\n'));
    const { test: part } = await loadData(path, { text: 'body', target: 'kind' });
    const seen = await samplesSeen(samplesOf(part), [0, 5, 11]);
    const { labels, classes } = part as LabelledDataset;
    for (const { index, file } of seen) {
      const row = Number(/r\.jsonl row (\d+)$/.exec(file!)![1]);
      assert.is(sentences[row - 1]![1], classes[labels[index]!]);
    }
  }));

test.run();
