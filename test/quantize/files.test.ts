/** Files of quantised models come from outside: damaged ones are refused or run within their memory, wrong ones say what opens them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { readHeader } from '../../src/formats/safetensors-header.js';
import { loadProgram, loadQuantized, type InferenceProgram } from '../../src/inference/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import * as L from '../../src/index.js';
import { decodeQuantized, encodeQuantized, quantize } from '../../src/quantize/index.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { withNumbers } from '../support/layer-examples.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const model = L.sequential(
  [L.conv2d(1, 4, 3, { padding: 1 }), L.tanh(), L.avgPool2d(2), L.flatten(), L.linear(36, 3)],
  { input: [1, 6, 6] },
);
const trained = withNumbers(model);
const data = {
  name: 'numbers',
  inputs: { input: { shape: [1, 6, 6], values: numbers(8 * 36, 3) } },
  targets: {},
};
const quantized = await quantize(trained, data, { batch: 4 });
const bytes = encodeQuantized(quantized);
const samples = numbers(5 * 36, 5);

/** The file with something in its program's text replaced. */
function changed(pattern: RegExp, by: string): Uint8Array {
  const { entries, metadata, dataStart } = readHeader(bytes, 'file');
  const program = metadata['program']!.replace(pattern, by);
  assert.is.not(program, metadata['program'], String(pattern));
  const types = { I32: Int32Array, I8: Int8Array, U8: Uint8Array, F32: Float32Array } as const;
  const tensors = new Map(
    entries.map(({ tensor, dtype, shape, begin, end }) => {
      const Values = types[dtype as keyof typeof types];
      const data = new Values(bytes.slice(dataStart + begin, dataStart + end).buffer);
      return [tensor, { shape, data }] as const;
    }),
  );
  return encodeSafetensors(tensors, { ...metadata, program });
}

const refused: readonly (readonly [what: string, RegExp, by: string, message: RegExp])[] = [
  ['another version', /"int8"/, '"int9"', /version "int9", expected int8/],
  ['an unknown kernel', /convInt8 /, 'convInt9 ', /unknown kernel "convInt9"/],
  [
    'a zero beyond bytes',
    /avgPoolInt8 (.*?) \d+ (\d+ \d+ \d+ a)/,
    'avgPoolInt8 $1 128 $2',
    /128 for zeroX<127/,
  ],
  ['a shift beyond 62', /(convInt8 .*? p\d+ p\d+ p\d+) \d+/, '$1 63', /63 for shift<62/],
  [
    'a buffer outside',
    /quantizePlanes (.*?) a0"/,
    'quantizePlanes $1 a99999936"',
    /y!N.area.C, outside of its memory/,
  ],
  [
    'what was not written',
    /quantizePlanes (.*?) a0"/,
    'quantizePlanes $1 a64"',
    /which no call before it has written/,
  ],
  [
    'extents that do not fit',
    /convInt8 \*1 1 6 6/,
    'convInt8 *1 1 6 5',
    /do not go together|outside/,
  ],
];

for (const [what, pattern, by, message] of refused) {
  test(`refused: ${what}`, async () => {
    assert.match(await refusal(() => loadQuantized(changed(pattern, by), { name: 'm' })), message);
  });
}

test('other functions say what opens the file', async () => {
  assert.match(
    await refusal(() => loadProgram(bytes)),
    /version "int8", which loadQuantized opens/,
  );
  assert.match(
    await refusal(async () => L.decodeModel(bytes, 'm')),
    /lanewise 'int8', expected '2'\n.*decodeQuantized of lanewise\/quantize/,
  );
  assert.match(
    await refusal(() => loadQuantized(L.encodeModel(trained))),
    /holds no program, but a model/,
  );
  assert.match(
    await refusal(() => loadQuantized(L.encodeProgram(trained))),
    /version 1, expected int8/,
  );
});

/** Predicts; a program may be refused when it runs, but by a LanewiseError. */
function predict(program: InferenceProgram): void {
  try {
    program.predict(samples);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
  }
}

test('damaged files are refused, or run', async () => {
  await fuzz(
    [bytes],
    fuzzCount(300),
    (damaged) => loadQuantized(damaged, { mostBytes: 2 ** 24 }),
    predict,
  );
});

test('operands that are other numbers are refused, or run', async () => {
  const { metadata } = readHeader(bytes, 'file');
  const words = [...metadata['program']!.matchAll(/\d+/g)].map(({ index }) => index);
  const draw = createDraw(11);
  let [run, not] = [0, 0];
  for (let i = 0; i < fuzzCount(300); i++) {
    const at = words[draw(0, words.length - 1)]!;
    const value = [0, 1, 2, 3, 127, 128, 4096, 2 ** 31, 2 ** 32][draw(0, 8)]!;
    const pattern = new RegExp(`(?<=^.{${at}})\\d+`, 's');
    let program: InferenceProgram;
    try {
      program = await loadQuantized(changedOrSame(pattern, String(value)), { mostBytes: 2 ** 24 });
    } catch (error) {
      if (!(error instanceof LanewiseError)) throw error;
      not++;
      continue;
    }
    run++;
    predict(program);
  }
  assert.ok(run > 0 && not > 0, `${run} ran, ${not} were refused`);
});

function changedOrSame(pattern: RegExp, by: string): Uint8Array {
  try {
    return changed(pattern, by);
  } catch {
    return bytes;
  }
}

test('a model from a file predicts the same, and evaluates the same', async () => {
  const read = decodeQuantized(bytes, 'file');
  assert.equal(await read.predict(samples), await quantized.predict(samples));
  assert.equal(encodeQuantized(read), bytes);
  const labelled = {
    name: 'labelled',
    shape: [1, 6, 6],
    samples: samples.slice(),
    labels: Uint8Array.of(0, 1, 2, 1, 0),
    classes: ['a', 'b', 'c'],
  };
  const classes = L.withWeights(model, trained.weights, { loss: 'crossEntropy' });
  const int8 = await quantize(classes, labelled as never);
  const [mine, theirs] = [
    await int8.evaluate(labelled as never),
    await classes.evaluate(labelled as never, { workers: 0 }),
  ];
  assert.is(mine.accuracy, theirs.accuracy);
  assert.ok(Math.abs(mine.loss - theirs.loss) < 0.05 * theirs.loss, `${mine.loss} ${theirs.loss}`);
  const { scores } = await int8.predict(labelled.samples);
  const sum = scores.slice(0, 3).reduce((a, b) => a + b);
  assert.ok(Math.abs(sum - 1) < 1e-6, String(sum));
});

test.run();
