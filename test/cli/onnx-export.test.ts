/** `lanewise export --onnx`: files that give the same answers, here as in onnxruntime, and are trained on again. */
// slow: trains small nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOnnx, writeOnnx } from '../../src/onnx/index.js';
import { linear, relu, sequential } from '../../src/layers/index.js';
import { decodeOnnx } from '../../src/onnx/messages.js';
import { encodeOnnx } from '../../src/onnx/write-messages.js';
import { resNet18 } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { loadModel, saveModel } from '../../src/trained/model-store.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { onnxruntime, runOnnx } from '../support/onnxruntime.js';
import { colours, words } from './colours.js';
import { evalOf, inFolder, lanewise } from './lanewise.js';

const golden = fileURLToPath(new URL('../../../test/golden/onnx/', import.meta.url));

test('a fine-tuned net is written with its weights, and has the same figures when it is read again', () =>
  inFolder(async (cwd) => {
    await copyFile(join(golden, 'small.onnx'), join(cwd, 'small.onnx'));
    await colours(join(cwd, 'two'), ['red', 'green']);
    const run = (...args: string[]) => lanewise(args, { cwd });
    await run(
      ...words(
        'train --weights small.onnx --data two --freeze backbone --lr 0.1 --epochs 20 --batch 8 --out a --no-report',
      ),
    );
    const file = join('a', 'model.safetensors');
    const tuned = await loadModel(join(cwd, file));
    const written = await run('export', file, '--onnx', '--out', 'tuned.onnx');
    assert.is(written.code, 0, written.stderr);
    assert.match(written.stdout, /^wrote a\/model\.safetensors as ONNX to tuned\.onnx, /);
    assert.match(written.stdout, /output N×2 \(logits/);
    assert.match(
      written.stdout,
      /session\.run\(None, \{'input': numpy\.zeros\(\(1, 3, 16, 16\), 'float32'\)\}\)/,
    );
    const again = readOnnx(await readFile(join(cwd, 'tuned.onnx')));
    assert.is(await again.trained.sha256(), await tuned.sha256());
    const of = async (path: string) => {
      const found = evalOf(await run('eval', path, '--data', 'two', '--json'));
      return [found['testAccuracy'], found['loss'], found['sha256']];
    };
    const [ours, theirs] = [await of(file), await of('tuned.onnx')];
    assert.is(ours[0], 1);
    assert.equal(theirs, ours);
    const seen = await run('predict', 'tuned.onnx', join('two', 'red', '3.png'), '--json');
    assert.is(seen.code, 0, seen.stderr);
    assert.match(seen.stdout, /"red"/);
    // All layers, as they are: the file's classes are the data's.
    const on = await run(
      ...words('train --weights tuned.onnx --data two --epochs 1 --out b --no-report --json'),
    );
    assert.match(on.stderr, /begins with 'tuned\.onnx', whose classes are known/);
  }));

test('a model by name takes the initialisers of an ONNX file', () =>
  inFolder(async (cwd) => {
    const net = resNet18({ size: 16, width: 1 / 16, classes: 5 });
    const weights = await initialWeights(net, { seed: 3 });
    await writeFile(join(cwd, 'r.onnx'), writeOnnx(withWeights(net, weights)));
    await colours(join(cwd, 'two'), ['red', 'green']);
    const { code, stderr } = await lanewise(
      words(
        'train resnet18 --weights r.onnx --data two --freeze backbone --size 16 --width 0.0625',
      ).concat(words('--epochs 1 --out a --no-report')),
      { cwd },
    );
    assert.is(code, 0, stderr);
    assert.match(stderr, /begins with 'r\.onnx', with a new head 'fc'/);
    const tuned = await loadModel(join(cwd, 'a', 'model.safetensors'));
    assert.equal(tuned.weights.get('layer3.0.conv1.weight'), weights.get('layer3.0.conv1.weight'));
  }));

test('a net of vectors goes on with the rows of a table, as a classifier', () =>
  inFolder(async (cwd) => {
    const net = sequential([linear(3, 8), relu(), linear(8, 2)], { input: [3] });
    const written = writeOnnx(withWeights(net, await initialWeights(net, { seed: 3 })));
    // As another program writes it: without metadata, under other names of input and output.
    const { graph, ...file } = decodeOnnx(written, 'net');
    const renamed = (name: string) => ({ input: 'x', output: 'logits' })[name] ?? name;
    const nodes = graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    }));
    const values = (list: typeof graph.inputs) =>
      list.map((one) => ({ ...one, name: renamed(one.name) }));
    const other = { ...graph, nodes, inputs: values(graph.inputs), outputs: values(graph.outputs) };
    const bytes = encodeOnnx({ ...file, graph: other, metadata: new Map() });
    await writeFile(join(cwd, 'net.onnx'), bytes);
    const rows = Array.from({ length: 60 }, (_, i) => {
      const [a, b, c] = [(i * 37) % 60, (i * 11) % 17, i % 5];
      return `${a},${b},${c},${a + b > 34 ? 'high' : 'low'}`;
    });
    await writeFile(join(cwd, 'rows.csv'), ['a,b,c,kind', ...rows].join('\n'));
    const run = (line: string) => lanewise(words(line), { cwd });
    const trained = await run(
      'train --weights net.onnx --data rows.csv --target kind --optimizer adam --lr 0.02 --epochs 60 --batch 8 --out a --no-report --json',
    );
    assert.is(trained.code, 0, trained.stderr);
    assert.ok((evalOf(trained)['testAccuracy'] as number) > 0.8, trained.stdout);
    const { terms } = await loadModel(join(cwd, 'a', 'model.safetensors'));
    assert.equal([terms[0]!.output, terms[0]!.loss.kind], ['output', 'crossEntropy']);
    const { stdout } = await run('export a/model.safetensors --onnx --out b.onnx');
    assert.match(stdout, / features {4}a, b, c: in this order, not scaled\n {2}targets {5}kind\n/);
    const [ours, theirs] = [
      await run('predict a/model.safetensors rows.csv'),
      await run('predict b.onnx rows.csv'),
    ];
    assert.match(theirs.stdout, /rows\.csv row 60/);
    assert.is(theirs.stdout, ours.stdout);
  }));

test('what is no class is written as predict gives it', () =>
  inFolder(async (cwd) => {
    const data = {
      name: 'lengths',
      inputs: { input: { shape: [2], values: Float32Array.from({ length: 16 }, (_, i) => i / 9) } },
      targets: {
        output: { shape: [1], values: Float32Array.from({ length: 8 }, (_, i) => i % 3) },
      },
    };
    const net = sequential([linear(2, 2)], { input: [2] });
    const settings = { data, optimizer: sgd({ lr: 0.01 }), epochs: 1, workers: 0 };
    const { model } = await train(net, { ...settings, loss: 'gaussian' });
    await saveModel(model, join(cwd, 'g.safetensors'));
    const written = await lanewise(words('export g.safetensors --onnx --out g.onnx'), { cwd });
    assert.is(written.code, 0, written.stderr);
    const bytes = await readFile(join(cwd, 'g.onnx'));
    // Means with deviations, rather than with their logarithms.
    assert.equal(bytes, Buffer.from(writeOnnx(model, { logits: false })));
    assert.is(await readOnnx(bytes).trained.sha256(), await model.sha256());
    if (!onnxruntime) return;
    const [answer] = runOnnx([
      { bytes, runs: [{ input: { dims: [8, 2], data: data.inputs.input.values } }] },
    ]);
    if (!answer || 'error' in answer) throw new Error(answer?.error);
    const { scores } = await model.predict(data.inputs.input.values);
    Array.from(answer[0]!['output']!.data).forEach((value, i) =>
      assert.ok(Math.abs(value - scores[i]!) < 1e-5, `${i}: ${value}, ${scores[i]}`),
    );
  }));

test('other kinds of files and several models are refused', () =>
  inFolder(async (cwd) => {
    const refused = async (pattern: RegExp, line: string) => {
      const { code, stderr } = await lanewise(words(line), { cwd });
      assert.is(code, 1, stderr);
      assert.match(stderr, pattern);
    };
    await copyFile(join(golden, 'small.onnx'), join(cwd, 'small.onnx'));
    await refused(/'m\.pt' would be a PyTorch file/, 'export small.onnx --onnx --out m.pt');
    await refused(/2 models are given/, 'export small.onnx small.onnx --onnx --out m.onnx');
  }));

test.run();
