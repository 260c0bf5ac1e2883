/** ONNX files on the command line: looked into, imported, trained on, predicted with, and written. */
// slow: trains small nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTfjs } from '../../src/import/index.js';
import { readOnnx } from '../../src/onnx/index.js';
import { decodeOnnx } from '../../src/onnx/messages.js';
import { encodeOnnx } from '../../src/onnx/write-messages.js';
import { loadModel } from '../../src/trained/model-store.js';
import { closure } from '../support/chunks.js';
import { colours, words } from './colours.js';
import { evalOf, eventsOf, inFolder, lanewise, main } from './lanewise.js';

const golden = fileURLToPath(new URL('../../../test/golden/onnx/', import.meta.url));

/** The names of `small.onnx`, which are those of the module that PyTorch exported. */
const NAMES = [
  'conv1.weight',
  ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `bn1.${name}`),
  'conv2.weight',
  ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `bn2.${name}`),
  'fc.weight',
  'fc.bias',
];

/** Runs `check` in a folder with PyTorch's files. */
const withFiles = (check: (cwd: string) => Promise<void>): Promise<void> =>
  inFolder(async (cwd) => {
    for (const name of ['small.onnx', 'small-folded.onnx', 'small-split.onnx'])
      await copyFile(join(golden, name), join(cwd, name));
    await check(cwd);
  });

test('import makes a model file with the names, bits and answers of the file', () =>
  withFiles(async (cwd) => {
    const { code, stdout, stderr } = await lanewise(
      ['import', 'small.onnx', '--out', 'm.safetensors'],
      { cwd },
    );
    assert.is(code, 0, stderr);
    assert.match(stdout, /^small\.onnx: input 3×16×16, 1,4\d\d parameters/);
    assert.match(stdout, /\n {2}conv2 +conv2d +16×8×8 /);
    assert.match(stdout, /\n {2}outputs {5}output 3\n/);
    assert.match(stdout, /npx lanewise train --weights m\.safetensors --data FOLDER/);
    assert.match(stderr, /does not say how images are scaled/);
    const model = await loadModel(join(cwd, 'm.safetensors'));
    assert.equal([...model.weights.keys()], NAMES);
    const { graph } = decodeOnnx(await readFile(join(cwd, 'small.onnx')), 'small.onnx');
    for (const name of NAMES)
      assert.equal(model.weights.get(name), graph.initializers.get(name)!.values(), name);
    const { output } = JSON.parse(await readFile(join(golden, 'small.json'), 'utf8')) as {
      output: number[];
    };
    const samples = Float32Array.from({ length: 2 * 768 }, (_, i) =>
      i < 768 ? 0 : (i - 768) / 768,
    );
    const { scores } = await model.predict(samples);
    for (let i = 0; i < 2; i++) {
      const powers = output.slice(3 * i, 3 * i + 3).map((logit) => Math.exp(logit));
      const sum = powers.reduce((a, b) => a + b, 0);
      powers.forEach((power, c) => assert.ok(Math.abs(scores[3 * i + c]! - power / sum) < 1e-5));
    }
    const scaled = await lanewise(
      ['import', 'small.onnx', '--scale', 'imagenet', '--out', 's.safetensors'],
      { cwd },
    );
    assert.is(scaled.stderr.includes('scaled'), false, scaled.stderr);
    const { architecture } = (await loadModel(join(cwd, 's.safetensors'))).model;
    assert.equal(architecture.inputs['input']!.mean, [0.485, 0.456, 0.406]);
  }));

test('what the export has changed is said, and external data is read beside the file', () =>
  withFiles(async (cwd) => {
    const folded = await lanewise(['import', 'small-folded.onnx', '-o', 'f.safetensors'], { cwd });
    assert.is(folded.code, 0, folded.stderr);
    assert.match(folded.stderr, /note: 2 convolutions have lost their names.*PRESERVE/);
    const split = ['import', 'small-split.onnx', '-o', 's.safetensors'];
    const missing = await lanewise(split, { cwd });
    assert.is(missing.code, 1);
    assert.match(
      missing.stderr,
      /'small-split\.onnx' has weights in 'small-split\.data', which cannot be read/,
    );
    assert.match(missing.stderr, /put them into one folder/);
    await copyFile(join(golden, 'small-split.data'), join(cwd, 'small-split.data'));
    assert.is((await lanewise(split, { cwd })).code, 0);
    const { weights } = readOnnx(await readFile(join(cwd, 'small.onnx')));
    const read = await loadModel(join(cwd, 's.safetensors'));
    for (const [name, values] of weights) assert.equal(read.weights.get(name), values, name);
    const bytes = await readFile(join(cwd, 'small-split.onnx'));
    const outside = Buffer.from(
      bytes.toString('latin1').replaceAll('small-split.data', '../../../../x.da'),
      'latin1',
    );
    await writeFile(join(cwd, 'outside.onnx'), outside);
    const refused = await lanewise(['import', 'outside.onnx', '-o', 'o.safetensors'], { cwd });
    assert.match(refused.stderr, /expected a file of its own folder/);
  }));

test('a net is fine-tuned with another head, and predicts', () =>
  withFiles(async (cwd) => {
    await colours(join(cwd, 'two'), ['red', 'green']);
    const run = (line: string) => lanewise(words(line), { cwd });
    const trained = await run(
      'train --weights small.onnx --data two --freeze backbone --lr 0.1 --epochs 20 --batch 8 --out a --no-report --json',
    );
    assert.is(trained.code, 0, trained.stderr);
    assert.match(trained.stderr, /begins with 'small\.onnx', with a new head 'fc' for 2 classes/);
    assert.is(eventsOf(trained)[0]!['model'], 'small');
    const tuned = await loadModel(join(cwd, 'a', 'model.safetensors'));
    assert.equal(tuned.classes, ['green', 'red']);
    const { weights } = readOnnx(await readFile(join(cwd, 'small.onnx')));
    for (const [name, values] of weights)
      if (!name.startsWith('fc.')) assert.equal(tuned.weights.get(name), values, name);
    const seen = await run('predict a/model.safetensors two/red/3.png --json');
    assert.match(seen.stdout, /"red"/);
    // As it is: three scores, without names.
    const plain = await run('predict small.onnx two/red/3.png --json');
    assert.is(plain.code, 0, plain.stderr);
    assert.is(plain.stdout.trim().split('\n').length, 1);
    const [ours] = [evalOf(await run('eval a/model.safetensors --data two --json'))];
    assert.is(ours['testAccuracy'], 1);
  }));

test('inspect shows ops, versions and layers, and of files that are not read what is in the way', () =>
  withFiles(async (cwd) => {
    const inspect = (...args: string[]) => lanewise(['inspect', ...args], { cwd });
    const { stdout, code } = await inspect('small.onnx');
    assert.is(code, 0);
    for (const part of [
      'small.onnx: an ONNX model of 10 nodes',
      'written by pytorch 1.13',
      'opsets      ai.onnx 17; IR 8',
      'inputs      input float N×3×16×16',
      'outputs     output float N×3',
      'BatchNormalization 2',
      'as layers: small.onnx: input 3×16×16',
      'train --weights this file',
    ])
      assert.ok(stdout.includes(part), `${part} in\n${stdout}`);
    const about = JSON.parse((await inspect('small.onnx', '--json')).stdout) as Record<
      string,
      unknown
    >;
    assert.equal(
      [about['holds'], about['opsets'], (about['layers'] as unknown[]).length],
      ['onnx', { 'ai.onnx': 17 }, 9],
    );
    const file = decodeOnnx(await readFile(join(cwd, 'small.onnx')), 'small.onnx');
    const nodes = file.graph.nodes.map((node) =>
      node.op === 'GlobalAveragePool' ? { ...node, op: 'Sparkle', domain: 'shop.example' } : node,
    );
    const graphEnd = file.graph.outputs[0]!.name;
    const axis0 = { name: 'axis', type: 'int' as const, value: 0 };
    const bytes = encodeOnnx({ ...file, graph: { ...file.graph, nodes } });
    await writeFile(join(cwd, 'odd.onnx'), bytes);
    const odd = await inspect('odd.onnx');
    assert.is(odd.code, 0, odd.stderr);
    assert.match(odd.stdout, /shop\.example\.Sparkle 1/);
    assert.match(odd.stdout, /in the way of training and predicting:\n.*Sparkle/);
    const part = /can be read: import --outputs (\S+)/.exec(odd.stdout)![1]!;
    const imported = await lanewise(
      ['import', 'odd.onnx', '--outputs', part, '--out', 'part.safetensors'],
      { cwd },
    );
    assert.is(imported.code, 0, imported.stderr);
    assert.equal(
      [...(await loadModel(join(cwd, 'part.safetensors'))).model.outputs.values()],
      [[16, 8, 8]],
    );
    const mixing = [
      { ...nodes.at(-1)!, op: 'Softmax', inputs: [graphEnd], outputs: ['shares'] },
    ].map((node) => ({ ...node, attributes: new Map([['axis', axis0]]) }));
    const [end] = file.graph.outputs;
    const mixed = {
      ...file.graph,
      nodes: [...file.graph.nodes, ...mixing],
      outputs: [{ ...end!, name: 'shares' }],
    };
    await writeFile(join(cwd, 'mixed.onnx'), encodeOnnx({ ...file, graph: mixed }));
    assert.match((await inspect('mixed.onnx')).stdout, /import --batch none reads each input as/);
    await writeFile(join(cwd, 'cut.onnx'), bytes.subarray(0, 2000));
    assert.is((await inspect('cut.onnx')).code, 1);
  }));

test('a softmax at the end is left out, and predictions stay probabilities', () =>
  withFiles(async (cwd) => {
    const file = decodeOnnx(await readFile(join(cwd, 'small.onnx')), 'small.onnx');
    const [scores] = file.graph.outputs;
    const soft = {
      name: 'soft',
      op: 'Softmax',
      domain: '',
      inputs: [scores!.name],
      outputs: ['shares'],
      attributes: new Map(),
    };
    const outputs = [{ ...scores!, name: 'shares' }];
    const graph = { ...file.graph, nodes: [...file.graph.nodes, soft], outputs };
    await writeFile(join(cwd, 'soft.onnx'), encodeOnnx({ ...file, graph }));
    const soften = await lanewise(['import', 'soft.onnx', '-o', 'soft.safetensors'], { cwd });
    assert.match(soften.stderr, /note: the softmax at the end is left out/);
    assert.is(soften.stderr.includes('to train with'), false);
    await lanewise(['import', 'small.onnx', '-o', 'm.safetensors'], { cwd });
    const [a, b] = [
      await loadModel(join(cwd, 'soft.safetensors')),
      await loadModel(join(cwd, 'm.safetensors')),
    ];
    const zeros = new Float32Array(768);
    assert.equal((await a.predict(zeros)).scores, (await b.predict(zeros)).scores);
  }));

test('PyTorch’s weights become a safetensors file, and tfjs models a model file', () =>
  inFolder(async (cwd) => {
    await copyFile(join(golden, '../torch/checkpoint.pt'), join(cwd, 'checkpoint.pt'));
    const run = (line: string) => lanewise(words(line), { cwd });
    const weights = await run('import checkpoint.pt -o w.safetensors');
    assert.is(weights.code, 0, weights.stderr);
    assert.match(weights.stdout, /weights of 8 tensors, without a model/);
    assert.match((await run('inspect w.safetensors')).stdout, /norm\.running_var +3/);
    const { model, files } = JSON.parse(
      await readFile(join(golden, '../tfjs/conv.json'), 'utf8'),
    ) as { model: object; files: Record<string, string> };
    await writeFile(join(cwd, 'model.json'), JSON.stringify(model));
    assert.match((await run('import model.json -o t.safetensors')).stderr, /has weights in '/);
    const contents = Object.entries(files).map(
      ([name, text]) => [name, Buffer.from(text, 'base64')] as const,
    );
    for (const [name, bytes] of contents) await writeFile(join(cwd, name), bytes);
    const imported = await run('import model.json -o t.safetensors');
    assert.is(imported.code, 0, imported.stderr);
    assert.match(imported.stderr, /channels/);
    const { trained } = readTfjs(model, Object.fromEntries(contents));
    const saved = await loadModel(join(cwd, 't.safetensors'));
    assert.is(await saved.sha256(), await trained.sha256());
    assert.match((await run('inspect model.json')).stdout, /^model\.json: input .*conv2d/s);
    const scaled = await run('import checkpoint.pt --scale unit -o w.safetensors');
    assert.match(
      scaled.stderr,
      /--scale says how a model is read, and 'checkpoint\.pt' holds weights/,
    );
  }));

test('options are refused where they say nothing, and names that would be another kind of file', () =>
  withFiles(async (cwd) => {
    const run = (...args: string[]) => lanewise(args, { cwd });
    const refused = async (pattern: RegExp, ...args: string[]) => {
      const { code, stderr } = await run(...args);
      assert.is(code, 1, stderr);
      assert.match(stderr, pattern);
    };
    await run('import', 'small.onnx', '-o', 'm.safetensors');
    await refused(
      /--inputs says how another program’s model is read/,
      'import',
      'm.safetensors',
      '--inputs',
      'input=3x8x8',
      '-o',
      'n.safetensors',
    );
    await refused(
      /'m\.onnx' would be an ONNX model, and import writes model files/,
      'import',
      'small.onnx',
      '-o',
      'm.onnx',
    );
    await refused(
      /would replace the file that is read/,
      'import',
      'm.safetensors',
      '-o',
      './m.safetensors',
    );
    await refused(
      /--out \.\/small\.onnx would replace the file that is read/,
      ...words('export small.onnx --onnx --out ./small.onnx'),
    );
    await refused(
      /--data has no effect on export --onnx/,
      ...words('export small.onnx --onnx --data two --out x.onnx'),
    );
    await refused(
      /--size 32 is for models by name, and the model of 'small\.onnx' takes 3×16×16/,
      ...words('train --weights small.onnx --size 32 --data digits'),
    );
    await refused(
      /--classes 4: digits has 10 classes/,
      ...words('train lenet1 --data digits --classes 4'),
    );
    await refused(
      /Expected the name of an input/,
      'import',
      'small.onnx',
      '--inputs',
      '3x8x8',
      '-o',
      'n.safetensors',
    );
    await refused(
      /has no input "other"|has no input 'other'/,
      'import',
      'small.onnx',
      '--inputs',
      'other=3x8x8',
      '-o',
      'n.safetensors',
    );
  }));

test('commands that read no such file do not load the readers', () => {
  const loaded = closure(main);
  assert.ok(loaded.some((text) => text.includes('Trains neural networks on nothing but')));
  for (const text of loaded) assert.is(text.includes('Lanewise has no op for'), false);
});

test.run();
