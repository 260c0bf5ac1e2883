/** `lanewise quantize`, the commands that take its files, and `train --quantization`. */
// slow: trains nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { digits } from '../../src/data/digits/index.js';
import { decodeQuantized } from '../../src/quantize/index.js';
import { evalOf, eventsOf, lanewise, type Outcome } from './lanewise.js';

const MODEL = 'model.safetensors';
const INT8 = 'model.int8.safetensors';
const DATA = ['--data', 'drawn'];
let cwd: string;

const run = (...args: string[]): Promise<Outcome> => lanewise(args, { cwd });

async function ok(...args: string[]): Promise<Outcome> {
  const outcome = await run(...args);
  assert.is(outcome.code, 0, outcome.stderr);
  return outcome;
}

async function refuses(expected: RegExp, ...args: string[]): Promise<void> {
  const { code, stderr } = await run(...args);
  assert.is(code, 1, `${args.join(' ')} was not refused`);
  assert.match(stderr, expected);
}

const TRAIN = ['--epochs', '3', '--no-report'];

/** A file of bytes in IDX, as MNIST's are. */
const idx = (values: Uint8Array, shape: readonly number[]) =>
  Buffer.concat([Buffer.of(0, 0, 8, shape.length), ...shape.map(bigEndian), values]);

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Drawn digits as a folder of MNIST's files, as drawing as many as usual takes seconds. */
async function writeDigits(folder: string): Promise<void> {
  await mkdir(folder);
  for (const [part, count, first] of [
    ['train', 2000, 0],
    ['t10k', 500, 1_000_000],
  ] as const) {
    const { samples, labels } = digits({ count, first });
    const write = (name: string, bytes: Buffer) =>
      writeFile(join(folder, `${part}-${name}`), bytes);
    await write('images-idx3-ubyte', idx(samples as Uint8Array, [count, 28, 28]));
    await write('labels-idx1-ubyte', idx(labels as Uint8Array, [count]));
  }
}

test.before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lanewise-quantize-'));
  await writeDigits(join(cwd, 'drawn'));
  await ok('train', 'lenet5', ...DATA, ...TRAIN, '--out', 'run');
  await writeFile(join(cwd, MODEL), await readFile(join(cwd, 'run', MODEL)));
});

test.after(() => rm(cwd, { recursive: true, force: true }));

interface Quantized {
  readonly accuracy: { readonly float: number; readonly int8: number };
  readonly agreement: number;
  readonly bytes: { readonly float: number; readonly int8: number };
  readonly layers: readonly Record<string, unknown>[];
  readonly sha256: string;
  readonly samples: number;
  readonly out: string;
}

const quantized = async (...args: string[]): Promise<Quantized> =>
  eventsOf(await ok('quantize', MODEL, ...DATA, '--json', ...args))[0] as unknown as Quantized;

test('it writes a file of a quarter of the size, and says what that costs', async () => {
  const found = await quantized();
  const { accuracy, agreement, bytes } = found;
  assert.is(found.out, INT8);
  assert.ok(Math.abs(accuracy.int8 - accuracy.float) < 0.01, JSON.stringify(accuracy));
  assert.ok(agreement > 0.98, String(agreement));
  assert.ok(bytes.int8 < 0.3 * bytes.float, JSON.stringify(bytes));
  assert.equal(
    found.layers.filter((layer) => layer['bytes']).map(({ name, computed }) => [name, computed]),
    ['c1', 'c3', 'c5', 'f6', 'output'].map((name) => [name, 'int8']),
  );
  const file = await readFile(join(cwd, INT8));
  assert.is(file.length, bytes.int8);
  assert.is(await decodeQuantized(file, INT8).sha256(), found.sha256);
});

test('for people it prints a table of layers and one of both models', async () => {
  const { stdout } = await ok('quantize', MODEL, ...DATA);
  for (const line of [
    /^layer +kind +computed +error +bytes$/m,
    /^c1 +conv2d +int8 +\d\.\d\d % +[\d,]+$/m,
    /^softmax +softmax +float: .+$/m,
    /^ +float +int8$/m,
    /^accuracy +\d\d\.\d\d % +\d\d\.\d\d %$/m,
    /^loss +0\.\d{4} +0\.\d{4}$/m,
    /^file +\d+\.\d KiB +\d+\.\d KiB$/m,
    /^both favour the same class for \d\d+\.\d\d % of the samples$/m,
    /^wrote model\.int8\.safetensors, \d\d % of model\.safetensors, sha256 [0-9a-f]{64}$/m,
    /^next: npx lanewise eval model\.int8\.safetensors --data drawn$/m,
  ])
    assert.match(stdout, line);
});

test('eval, predict, export and inspect take the file', async () => {
  const { accuracy, sha256 } = await quantized();
  const scored = evalOf(await ok('eval', INT8, ...DATA, '--json'));
  assert.is(scored['testAccuracy'], accuracy.int8);
  assert.is(scored['sha256'], sha256);
  assert.match((await ok('eval', INT8, ...DATA)).stdout, /^accuracy /m);
  await ok('export', INT8, ...DATA, '--out', 'predictions.csv');
  const rows = (await readFile(join(cwd, 'predictions.csv'), 'utf8')).trim().split('\n').slice(1);
  const right = rows.filter((row) => row.split(',')[1] === row.split(',')[2]).length;
  assert.is(right / rows.length, accuracy.int8);
  const { samples, labels } = digits({ count: 40 });
  const at = labels.indexOf(7);
  const png = new PNG({ width: 28, height: 28 });
  for (let i = 0; i < 784; i++) png.data.fill(samples[at * 784 + i]!, i * 4, i * 4 + 3);
  png.data.forEach((_, i) => i % 4 === 3 && (png.data[i] = 255));
  await writeFile(join(cwd, 'seven.png'), PNG.sync.write(png));
  const [told] = eventsOf(await ok('predict', INT8, 'seven.png', '--json'));
  assert.match(JSON.stringify(told), /"7"/);
  assert.match((await ok('inspect', INT8)).stdout, /a model in int8/);
  assert.is(eventsOf(await ok('inspect', INT8, '--json'))[0]!['sha256'], sha256);
  assert.match((await ok('inspect', INT8, '--program')).stdout, /convInt8 /);
  await ok('eval', INT8, MODEL, ...DATA);
});

test('ranges, samples and layers that stay float are asked for', async () => {
  const hashes = new Set<string>();
  for (const args of [
    [],
    ['--range', 'minmax'],
    ['--range', 'percentile'],
    ['--samples', '16'],
    ['--float', 'c3,f6'],
    ['--batch', '4'],
  ])
    hashes.add((await quantized(...args, '--out', 'other.safetensors')).sha256);
  assert.is(hashes.size, 6);
  const { layers } = await quantized('--float', 'c3,f6', '--out', 'other.safetensors');
  const products = layers.filter(({ kind }) => /conv2d|linear/.test(String(kind)));
  const float = products.filter(({ computed }) => computed === 'float');
  assert.equal(
    float.map(({ name }) => name),
    ['c3', 'f6'],
  );
});

test('training with the roundings keeps its ranges, by which its model is quantised', async () => {
  const begin = ['train', '--weights', MODEL, '--quantization', ...DATA];
  await ok(...begin, '--limit', '640', '--epochs', '1', '--no-report', '--out', 'rounded');
  const calibration = join('rounded', 'calibration.json');
  const known = JSON.parse(await readFile(join(cwd, calibration), 'utf8')) as object;
  assert.equal(Object.keys(known), ['samples', 'range', 'ranges', 'float']);
  const asked = ['--calibration', calibration, '--json', '--out', 'rounded.int8.safetensors'];
  const model = join('rounded', MODEL);
  const [found] = eventsOf(
    await ok('quantize', model, ...DATA, ...asked),
  ) as unknown as Quantized[];
  assert.ok(found!.accuracy.int8 > 0.9, JSON.stringify(found!.accuracy));
  await refuses(
    /--range says how ranges are found/,
    'quantize',
    model,
    ...asked,
    '--range',
    'minmax',
  );
  await ok(
    'train',
    'mlp',
    ...DATA,
    '--limit',
    '64',
    '--epochs',
    '1',
    '--no-report',
    '--out',
    'mlp',
  );
  await refuses(
    /the calibration has a range for '.*', which the model lacks/,
    'quantize',
    join('mlp', MODEL),
    ...DATA,
    ...asked,
  );
  await writeFile(join(cwd, 'no.json'), 'no');
  await refuses(/'no.json' is not JSON/, 'quantize', model, '--calibration', 'no.json');
  await writeFile(join(cwd, 'no.json'), '{}');
  await refuses(
    /readCalibration: samples is undefined/,
    'quantize',
    model,
    '--calibration',
    'no.json',
  );
});

test('the model of a table is quantised, scored and predicts rows', async () => {
  const lines = Array.from(
    { length: 120 },
    (_, i) => `${(i * 7) % 11},${'xyz'[i % 3]},${i % 2 ? 'no' : 'yes'}`,
  );
  await writeFile(join(cwd, 't.csv'), ['size,port,kind', ...lines].join('\n'));
  await ok('train', 'mlp', '--data', 't.csv', '--epochs', '5', '--no-report', '--out', 'table');
  const model = join('table', MODEL);
  await ok('quantize', model, '--data', 't.csv', '--out', 'table.int8.safetensors');
  await ok('eval', 'table.int8.safetensors', '--data', 't.csv');
  await writeFile(join(cwd, 'new.csv'), 'port,size\nx,3\n');
  const [row] = eventsOf(await ok('predict', 'table.int8.safetensors', 'new.csv', '--json'));
  assert.ok(row!['answer'], JSON.stringify(row));
});

test('what an int8 file cannot, and what is no model, is refused with the way out', async () => {
  await quantized();
  const cannot =
    /is a model in int8, whose integers cannot be trained or written otherwise\n.*give the float model/;
  await refuses(cannot, 'train', '--weights', INT8, ...DATA);
  await refuses(cannot, 'export', INT8, '--onnx', '--out', 'x.onnx');
  await refuses(cannot, 'quantize', INT8, ...DATA, '--out', 'x.safetensors');
  await refuses(
    /which is a program already/,
    'export',
    INT8,
    '--inference',
    '--out',
    'x.safetensors',
  );
  await refuses(/would replace the file that is read/, 'quantize', MODEL, '--out', MODEL);
  await refuses(/'x.onnx' would be an ONNX model/, 'quantize', MODEL, '--out', 'x.onnx');
  await refuses(/the model has no layer 'c9'/, 'quantize', MODEL, ...DATA, '--float', 'c9');
  await refuses(/Allowed choices are minmax/, 'quantize', MODEL, '--range', 'most');
  await refuses(/no --weights are given/, 'train', 'lenet5', ...DATA, '--quantization');
  await refuses(/'none.safetensors'/, 'quantize', 'none.safetensors');
  const file = await readFile(join(cwd, INT8));
  await writeFile(join(cwd, 'cut.safetensors'), file.subarray(0, file.length / 2));
  await refuses(/'cut.safetensors'/, 'eval', 'cut.safetensors', ...DATA);
});

test.run();
