/** Options of other tools, and options that do not apply to the data: refused, with the way out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allRecipes } from '../../src/models/recipes.js';
import { describeTrain } from '../../src/cli/train-options.js';
import { foreignHint } from '../../src/cli/foreign-options.js';
import { recipeNamed } from '../../src/cli/model-name.js';
import { refusal as refusalOf } from '../support/refusal.js';
import { inFolder, lanewise } from './lanewise.js';

/** 60 rows; `kind` has the classes that are given in turn. */
const table = (...kinds: string[]): string =>
  [
    'a,b,kind',
    ...Array.from(
      { length: 60 },
      (_, i) => `${i % 7}.5,${(i * 13) % 31},${kinds[i % kinds.length]}`,
    ),
  ].join('\n');

async function refusal(args: string[], text = table('x', 'y')): Promise<string> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, 't.csv'), text);
    const { code, stderr } = await lanewise(args, { cwd: folder });
    assert.is(code, 1, `exit code of ${args.join(' ')}`);
    return stderr;
  });
}

test('options of other tools are met with what they are called here', async () => {
  assert.is(
    await refusal(['train', 'mlp', '--batch-size', '3']),
    "error: unknown option '--batch-size'\n  did you mean --batch?\n",
  );
  assert.match(
    await refusal(['train', 'mlp', '--loss', 'mse']),
    /unknown option '--loss'\n {2}the loss goes with model and targets/,
  );
  assert.match(await refusal(['train', 'mlp', '--epoch', '3']), /\(Did you mean --epochs\?\)/);
  const has = describeTrain().options.flatMap(({ long }) => long ?? []);
  for (const [name, option] of Object.entries({
    learning_rate: '--lr',
    num_workers: '--workers',
    'weight-decay-rate': undefined,
    'test-size': '--holdout',
    label: '--target',
  }))
    assert.is(foreignHint(name, has), option && `did you mean ${option}?`);
  assert.match(foreignHint('num_classes', has)!, /did you mean --classes/);
});

test('a file or a net of the library in the place of a model’s name', async () => {
  const known = Object.keys(allRecipes()).join(', ');
  const of = (name: string) => refusalOf(() => recipeNamed(name));
  const file = await of('runs/a/model.safetensors');
  assert.ok(
    file.startsWith(
      `'runs/a/model.safetensors' is the name of a file, expected one of the models ${known}\ntrain --weights FILE goes on from a file`,
    ),
    file,
  );
  assert.match(await of('unet'), /docs\/zoo\.md/);
  assert.match(await of('resnet19'), /did you mean 'resnet18'/);
});

test('a size and a width go with the nets for photographs', async () => {
  assert.match(
    await refusal(['train', 'lenet5', '--size', '40']),
    /--size 40 is for the nets for photographs, and the model is lenet5\n {2}resnet18, .*nin take it/,
  );
  const of = (...args: string[]) => refusal(['train', 'vgg11', '--limit', '64', ...args]);
  assert.match(await of('--width', '0'), /Expected a number above 0/);
  assert.match(
    await of('--size', '20'),
    /vgg11: size is 20, expected at least 32 for samples of 1×28×28/,
  );
});

test('a target of one class, and one of one number, by their column', async () => {
  const args = ['train', 'mlp', '--data', 't.csv'];
  assert.is(
    await refusal(args, table('x')),
    "error: column 'kind' of data set 't.csv train' has one class, 'x', and there is nothing to tell apart\n  --target names another column\n",
  );
  assert.match(
    await refusal([...args, '--task', 'values'], table('4')),
    /column 'kind' of data set 't\.csv train' holds 4 in every row, and there is nothing to predict\n {2}--target names another column/,
  );
  assert.match(await refusal([...args, '--task', 'values']), /column 'kind': 'x' is not a number/);
});

test('transforms of images do not go with rows of numbers', async () => {
  assert.match(
    await refusal(['train', 'mlp', '--data', 't.csv', '--augment', 'flip']),
    /--augment flip transforms images, and the data holds rows of numbers\n {2}leave --augment out/,
  );
});

test('export writes CSV and programs, and no model file of another tool', async () => {
  assert.match(
    await refusal(['export', 'm.safetensors', '--out', 'm.onnx']),
    /'m\.onnx' would be an ONNX model, and export writes predictions as a CSV file/,
  );
  assert.match(
    await refusal(['export', 'm.safetensors', '--out', 'm.safetensors']),
    /would be a model file/,
  );
  assert.match(
    await refusal(['export', 'm.safetensors', '--inference', '--out', 'm.onnx']),
    /would be an ONNX model, and export --inference writes safetensors/,
  );
});

test('predict takes new rows by the model’s columns, and refuses others by name', async () => {
  await inFolder(async (cwd) => {
    const rows = Array.from({ length: 60 }, (_, i) => [
      i % 7,
      ['red', 'blue'][i % 2]!,
      (i * 13) % 31,
    ]);
    const kind = (row: readonly (string | number)[]) => (row[1] === 'red' ? 'warm' : 'cold');
    const lines = rows.map((row) => [...row, kind(row)].join(','));
    await writeFile(join(cwd, 't.csv'), ['a,hue,b,kind', ...lines].join('\n'));
    const trained = await lanewise(['train', 'mlp', '--data', 't.csv', '--epochs', '40'], { cwd });
    assert.is(trained.code, 0, trained.stderr);
    assert.match(trained.stdout, /epoch 40 .* rows\/s$/m);
    const predict = async (text: string) => {
      await writeFile(join(cwd, 'new.csv'), text);
      return lanewise(['predict', 'runs/mlp-t/model.safetensors', 'new.csv', '--json'], { cwd });
    };
    // In another order, with a column more, and without the target.
    const found = await predict('more,b,hue,a\nx,5,red,1\nx,7,blue,2\n');
    assert.match(found.stderr, /note: not used, as the model was not trained on it: more/);
    const events = found.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(
      events.map(({ file, row, answer }) => [file, row, answer.kind]),
      [
        ['new.csv', 1, 'warm'],
        ['new.csv', 2, 'cold'],
      ],
    );
    for (const [text, message] of [
      ['b,hue\n5,red\n', /has no column 'a'/],
      ['a,b,hue\n1,5,mauve\n', /line 2, column 'hue': 'mauve' is none of the classes/],
      [
        'a,b,hue\n,5,red\n',
        /line 2, column 'a': the value is missing, as none was in training\n {2}put a value there/,
      ],
      ['a,b,hue\none,5,red\n', /line 2, column 'a': 'one' is not a number/],
    ] as const) {
      const { code, stderr } = await predict(text);
      assert.is(code, 1);
      assert.match(stderr, message);
    }
  });
});

test.run();
