// Runs ONNX's operator tests through readOnnx and sorts them: passed, refused (and by which sentence), wrong, crashed.
//   node bench/onnx/operators.mjs [--markdown | --refusals | --failures] [--only NAME] [FOLDER…]
// A folder holds tests, or folders of them: NAME/model.onnx, NAME/test_data_set_0/input_0.pb, output_0.pb. Default:
// those of Debian's package libonnx-testdata. Each input is one sample (batch 'none'), or axis 0 is the samples' where
// that is refused. Numbers are compared as ONNX's own runner does: within 1e-3 of a value, or 1e-7.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LanewiseError } from '../../dist/src/base/errors.js';
import { decodeOnnx, decodeTensor } from '../../dist/src/onnx/messages.js';
import { readOnnx } from '../../dist/src/onnx/read-onnx.js';
import { evaluate } from '../../dist/src/step/compute-tensors.js';

const given = process.argv.slice(2);
const flagged = (name) => given.includes(name);
const only = flagged('--only') ? given[given.indexOf('--only') + 1] : undefined;
const folders = given.filter((one, i) => !one.startsWith('--') && given[i - 1] !== '--only');
if (folders.length === 0) folders.push('/usr/share/libonnx-testdata/data');

/** Tests below a folder. */
function* testsIn(folder) {
  if (existsSync(join(folder, 'model.onnx'))) {
    if (!only || basename(folder).includes(only)) yield folder;
    return;
  }
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) yield* testsIn(join(folder, entry.name));
}

/** A tensor of a test, whose type may be that of its bits. */
function tensorIn(file, type) {
  const { shape, values, type: found } = decodeTensor(readFileSync(file), basename(file));
  const numbers = values();
  if (found !== 'uint16' || type !== 'bfloat16') return { shape, values: numbers };
  return {
    shape,
    values: new Float32Array(Uint32Array.from(numbers, (bits) => bits * 65536).buffer),
  };
}

const inputsOf = ({ graph }) => graph.inputs.filter(({ name }) => !graph.initializers.has(name));

/** The model's outputs for one sample, which is all of a test's inputs; `N` samples with axis 0 the samples'. */
async function answers({ model, weights }, inputs, N) {
  const graph = model.graph(N, 'evaluation');
  const feeds = new Map([...graph.parameters].map(([name, leaf]) => [leaf, weights.get(name)]));
  for (const [name, leaf] of graph.inputs)
    feeds.set(
      leaf,
      (leaf.dtype === 'i32' ? Int32Array : Float32Array).from(inputs.get(name).values),
    );
  const names = [...graph.outputs.keys()];
  const values = await evaluate([...graph.outputs.values()], feeds);
  return new Map(
    names.map((name, i) => [name, { shape: graph.outputs.get(name).shape, values: values[i] }]),
  );
}

/** How far values are from the expected ones: 'strict' (1e-5 of the largest), 'close' (the runner's bounds), or a sentence. */
function compared(name, found, expected, shape, type) {
  if (shape.join() !== expected.shape.join())
    return `${name} has shape ${shape.join('×')}, expected ${expected.shape.join('×')}`;
  // Lanewise computes in float32 what a file has in half of its bits.
  const relative = type === 'bfloat16' ? 1e-2 : 1e-3;
  const largest = expected.values.reduce(
    (a, b) => (Number.isFinite(b) ? Math.max(a, Math.abs(b)) : a),
    0,
  );
  let isStrict = true;
  for (const [i, value] of found.values.entries()) {
    const wanted = expected.values[i];
    if (value === wanted || (Number.isNaN(value) && Number.isNaN(wanted))) continue;
    const distance = Math.abs(value - wanted);
    if (!(distance <= 1e-7 + relative * Math.abs(wanted)))
      return `${name}[${i}] is ${value}, expected ${wanted}`;
    isStrict &&= distance <= 1e-5 * largest;
  }
  return isStrict ? 'strict' : 'close';
}

const sentence = (error) => error.message.replace(/^'[^']*'[:,]? ?/, '').replace(/\s+/g, ' ');

/** The inputs but for the first of floats, as numbers that they always have: axes, shapes, scales. */
function constantsIn(inputs, file) {
  const first = inputsOf(file).find(({ type }) => type === 'float');
  return Object.fromEntries(
    [...inputs]
      .filter(([name]) => name !== first?.name)
      .map(([name, { values, type }]) => [
        name,
        type === 'float' ? Float32Array.from(values) : Float64Array.from(values),
      ]),
  );
}

/** One set of a test's data under one reading; `isGiven` if inputs are given their numbers while reading. */
async function runSet(bytes, file, folder, batch, isGiven) {
  const inputs = new Map();
  inputsOf(file).forEach(({ name, type }, i) => {
    const path = join(folder, `input_${i}.pb`);
    if (existsSync(path)) inputs.set(name, tensorIn(path, type));
  });
  const samples = batch === 'none' ? 1 : [...inputs.values()][0]?.shape[0];
  const shapes = Object.fromEntries(
    [...inputs].map(([name, { shape }]) => [name, batch === 'none' ? shape : shape.slice(1)]),
  );
  const constants = isGiven ? constantsIn(inputs, file) : {};
  const read = readOnnx(bytes, { batch, inputs: { ...shapes, ...constants } });
  for (const name of Object.keys(constants)) inputs.delete(name);
  const results = await answers(read, inputs, samples);
  const verdicts = file.graph.outputs.map(({ name, type }, i) => {
    const found = results.get(name);
    const shape = batch === 'none' ? found.shape.slice(1) : found.shape;
    return compared(name, found, tensorIn(join(folder, `output_${i}.pb`), type), shape, type);
  });
  return (
    verdicts.find((one) => one !== 'strict' && one !== 'close') ??
    (verdicts.includes('close') ? 'close' : 'strict')
  );
}

/** All sets of a test: its verdict, and why. */
async function run(folder, bytes, file, batch, isGiven = false) {
  const sets = readdirSync(folder).filter((name) => name.startsWith('test_data_set'));
  let strict = true;
  try {
    for (const set of sets) {
      const verdict = await runSet(bytes, file, join(folder, set), batch, isGiven);
      if (verdict !== 'strict' && verdict !== 'close') return { verdict: 'wrong', why: verdict };
      strict &&= verdict === 'strict';
    }
    return { verdict: 'passed', strict };
  } catch (error) {
    if (error instanceof LanewiseError) return { verdict: 'refused', why: sentence(error) };
    return { verdict: 'crash', why: String(error.stack).split('\n').slice(0, 3).join(' ') };
  }
}

const results = [];
for (const folder of folders.flatMap((one) => [...testsIn(one)])) {
  const bytes = readFileSync(join(folder, 'model.onnx'));
  let file;
  try {
    file = decodeOnnx(bytes, basename(folder));
  } catch (error) {
    const verdict = error instanceof LanewiseError ? 'refused' : 'crash';
    results.push({ name: basename(folder), op: '?', float: false, verdict, why: sentence(error) });
    continue;
  }
  const types = [...inputsOf(file), ...file.graph.outputs].map(({ type }) => type);
  const ops = new Set(file.graph.nodes.map(({ op }) => op).filter((op) => op !== 'Constant'));
  const name = basename(folder);
  const op = /_expanded/.test(name)
    ? 'bodies of functions'
    : ops.size === 1
      ? [...ops][0]
      : 'several ops';
  let result = await run(folder, bytes, file, 'none');
  if (result.verdict === 'refused') {
    const other = await run(folder, bytes, file, 'first');
    if (other.verdict === 'passed') result = other;
  }
  if (result.verdict === 'refused') {
    const other = await run(folder, bytes, file, 'none', true);
    if (other.verdict !== 'refused') result = { ...other, isGiven: true };
  }
  results.push({ name, op, float: types.every((type) => type === 'float'), ...result });
}

const count = (list, verdict) => list.filter((one) => one.verdict === verdict).length;
const summary = (what, list) => {
  const parts = ['refused', 'wrong', 'crash'].map(
    (verdict) => `${count(list, verdict)} ${verdict}`,
  );
  const strict = list.filter((one) => one.strict).length;
  const given = list.filter((one) => one.verdict === 'passed' && one.isGiven).length;
  const share = ((100 * count(list, 'passed')) / Math.max(1, list.length)).toFixed(1);
  return `${what}: ${list.length} tests, ${count(list, 'passed')} passed (${share} %; ${strict} within 1e-5 of the largest; ${given} with inputs given while reading), ${parts.join(', ')}`;
};
const floats = results.filter((one) => one.float);
const others = results.filter((one) => !one.float);

function markdown() {
  const names = [...new Set(results.map(({ op }) => op))].toSorted((a, b) =>
    a.localeCompare(b, 'en'),
  );
  const cell = (list) => (list.length > 0 ? `${count(list, 'passed')} of ${list.length}` : '');
  const rows = names.map((op) => [
    op,
    cell(floats.filter((one) => one.op === op)),
    cell(others.filter((one) => one.op === op)),
  ]);
  return [
    '| Operator | float32 | others |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

if (flagged('--markdown')) console.log(markdown());
else {
  console.log(summary('float32', floats));
  console.log(summary('others', others));
  for (const one of results)
    if (one.verdict === 'wrong' || one.verdict === 'crash')
      console.log(`${one.verdict} ${one.name}: ${one.why}`);
}
if (flagged('--failures'))
  for (const one of results)
    if (one.verdict === 'refused')
      console.log(`${one.float ? 'float32' : 'other'} ${one.name}: ${one.why}`);
if (flagged('--refusals')) {
  const groups = new Map();
  for (const one of floats.filter(({ verdict }) => verdict === 'refused')) {
    const why = one.why.replace(/\d+/g, '#');
    groups.set(why, [...(groups.get(why) ?? []), one]);
  }
  for (const [why, list] of [...groups].toSorted((a, b) => b[1].length - a[1].length))
    console.log(
      `${list.length} × ${why.slice(0, 220)} (${list
        .slice(0, 3)
        .map(({ name }) => name)
        .join(', ')})`,
    );
}
