/** `lanewise inspect` of files: what each kind holds, and that foreign and damaged ones are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textWindows } from '../../src/data/text.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { linear, relu, sequential } from '../../src/layers/index.js';
import { charLstm } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { encodeModel } from '../../src/trained/model-file.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { inFolder, lanewise } from './lanewise.js';

const table = {
  name: 'leaves',
  inputs: { input: { shape: [2], values: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) } },
  targets: { output: { shape: [], values: Uint8Array.of(0, 1, 0, 1) } },
  classes: ['oak', 'elm'],
  table: {
    columns: [
      { name: 'width', type: 'number' as const },
      { name: 'length', type: 'number' as const },
    ],
    targets: [{ name: 'tree', type: 'class' as const, classes: ['oak', 'elm'] }],
  },
};
const settings = { data: table, optimizer: sgd({ lr: 0.1 }), epochs: 1, workers: 0 };
const net = () =>
  sequential([linear(2, 3), relu(), linear(3, 2)], { input: [2], mean: 3, deviation: 2 });

const inspect = (file: string, ...more: string[]) => lanewise(['inspect', file, ...more]);

test('a model file shows layers, classes, columns, origin and hash; a program file its calls', () =>
  inFolder(async (folder) => {
    const { model } = await train(net(), settings);
    const file = join(folder, 'm.safetensors');
    await writeFile(file, encodeModel(model));
    const { stdout, code } = await inspect(file);
    assert.is(code, 0);
    for (const part of [
      `${file}: input 2, 17 parameters`,
      'file        a model, ',
      `sha256 ${await model.sha256()}`,
      'crossEntropy of output',
      'input 2, scaled by mean 3 and deviation 2',
      '2: oak, elm',
      '2: width, length; predicted: tree (class)',
      'all of 4 samples with fingerprint',
    ])
      assert.ok(stdout.includes(part), `${part} in\n${stdout}`);
    const about = JSON.parse((await inspect(file, '--json')).stdout) as Record<string, unknown>;
    assert.equal(
      [about['event'], about['holds'], about['parameters'], about['classes'], about['table']],
      ['inspect', 'model', 17, table.classes, table.table],
    );
    assert.is((about['layers'] as unknown[]).length, 3);

    const refused = await inspect(file, '--program');
    assert.match(refused.stderr, /holds no program, but a model/);
    await writeFile(file, encodeProgram(model, { batch: 2 }));
    assert.match((await inspect(file)).stdout, /file {8}a program, /);
    const { stdout: calls } = await inspect(file, '--program');
    assert.match(calls, /^2 samples\n {2}\w+ .*\n[^]*1 sample\n/);
  }));

test('the model of a finished run shows its settings', () =>
  inFolder(async (folder) => {
    await train(net(), settings, { folder });
    const { stdout } = await inspect(join(folder, 'model.safetensors'));
    assert.match(stdout, /settings {4}optimizer sgd \(lr 0\.1, .*, epochs 1, .*batch 4/);
  }));

test('a text model shows its window and vocabulary', () =>
  inFolder(async (folder) => {
    const data = textWindows('abcabcabcabc', { length: 4 });
    const model = charLstm({ vocabulary: 3, length: 4, hiddenSize: 4, embeddingDim: 2 });
    const trained = await train(model, { ...settings, data });
    const file = join(folder, 't.safetensors');
    await writeFile(file, encodeModel(trained.model));
    const { stdout } = await inspect(file);
    assert.match(stdout, /text {8}characters, 4 at a time, a vocabulary of 3/);
    assert.match(stdout, /input 4, tokens below 3/);
  }));

test('a model by name has a line of JSON too', async () => {
  const { stdout } = await lanewise(['inspect', 'lenet5', '--json']);
  const about = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal([about['model'], about['parameters']], ['lenet5', 61706]);
});

test('another program’s weights are listed, and other files refused', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'w.safetensors');
    const fc = { shape: [2, 3], data: new Float32Array(6) };
    await writeFile(file, encodeSafetensors(new Map([['fc.weight', fc]]), {}));
    assert.match(
      (await inspect(file)).stdout,
      /weights of another program, 1 tensors, 6 numbers\n\n {2}fc.weight {2}2×3/,
    );
    const { code, stderr } = await inspect(join(folder, 'missing.safetensors'));
    assert.is(code, 1);
    assert.match(stderr, /missing\.safetensors/);
    const weights = await initialWeights(net());
    const bytes = encodeModel(withWeights(net(), weights));
    await writeFile(file, bytes.subarray(0, bytes.length - 5));
    assert.is((await inspect(file)).code, 1);
  }));

test('PyTorch’s files are known by their first bytes', () =>
  inFolder(async (folder) => {
    const golden = fileURLToPath(new URL('../../../test/golden/torch/', import.meta.url));
    const file = join(folder, 'net.bin');
    await copyFile(join(golden, 'checkpoint.pt'), file);
    const { stdout } = await inspect(file);
    for (const part of [
      '8 tensors, 121 numbers',
      'conv.weight               3×2×3×3\n',
      'norm.num_batches_tracked  not of floats\n',
      `the tensors at 'state_dict' of the checkpoint`,
    ])
      assert.ok(stdout.includes(part), `${part} in\n${stdout}`);
    const about = JSON.parse((await inspect(file, '--json')).stdout) as Record<string, unknown>;
    assert.equal([about['holds'], about['parameters']], ['weights', 121]);
    const { stderr } = await inspect(join(golden, 'module.pt'));
    assert.match(stderr, /a whole pickled object of torch\.nn\.modules\.container\.Sequential/);
    const refused = await lanewise(['eval', file, '--data', 'digits']);
    assert.match(
      refused.stderr,
      /is a PyTorch file .*, expected a model file of Lanewise\n {2}lanewise train MODEL --weights/,
    );
  }));

test('a folder, and a file of any other name, is read as a file that is there', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'm.gguf');
    await writeFile(file, `GGUF${'\0'.repeat(60)}`);
    assert.match((await inspect(file)).stderr, /'.*m\.gguf' is a GGUF file/);
    for (const name of ['text.onnx', 'text.pt']) {
      const text = join(folder, name);
      await writeFile(text, 'Not Found: no such model\n');
      const { stderr, code } = await inspect(text);
      assert.is(code, 1);
      assert.match(
        stderr,
        /'.*text\.\w+' is of no kind that holds a model or weights: 25 bytes that begin with "Not Found.*\n {2}expected .*ONNX/,
      );
      await writeFile(text, '');
      assert.match((await inspect(text)).stderr, /'.*' is empty: .* expected a model or weights/);
    }
    assert.match(
      (await inspect(folder)).stderr,
      /it is a folder, expected a file\n {2}a run's is .*model\.safetensors/,
    );
  }));

test.run();
