/** Program files come from outside: a wrong one is refused before it runs, and no call leaves its memory. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { loadProgram } from '../../src/inference/index.js';
import type { StoredProgram } from '../../src/inference/stored.js';
import { gpt, lenet5, mlp } from '../../src/models/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import { createDraw } from '../support/numbers.js';
import { withNumbers } from '../support/layer-examples.js';
import { refusal } from '../support/refusal.js';

const trained = withNumbers(lenet5());
const bytes = encodeProgram(trained, { batch: 4 });
type Changed = { -readonly [K in keyof StoredProgram]: any };

/** The file with another program, or other metadata. */
function changed(change: (program: Changed) => void, metadata: Record<string, string> = {}) {
  const file = decodeSafetensors(bytes, 'm');
  const program = JSON.parse(file.metadata['program']!) as Changed;
  change(program);
  const all = { ...file.metadata, program: JSON.stringify(program), ...metadata };
  return encodeSafetensors(file.tensors, all);
}

const refused: [what: string, file: () => Uint8Array, message: RegExp][] = [
  [
    'a model without a program',
    () => encodeModel(trained),
    /'m' holds no program, but a model\n.*export MODEL --inference/,
  ],
  ['no safetensors file', () => new Uint8Array(4), /not a safetensors file/],
  ['a file cut short', () => bytes.subarray(0, bytes.length - 4), /cut short/],
  ['another version', () => changed((p) => (p.version = 2)), /version 2, expected 1/],
  ['no JSON', () => changed(() => {}, { program: '{' }), /its program is not JSON/],
  ['null', () => changed(() => {}, { program: 'null' }), /version none, expected 1/],
  ['numerics', () => changed(() => {}, { numerics: 'loose' }), /numerics is 'loose'/],
  ['classes', () => changed(() => {}, { classes: '[1]' }), /classes are not a list of names/],
  ['memory', () => changed((p) => (p.bytes.activations = 2 ** 40)), /sizes of its memory/],
  [
    'all memory',
    () => changed((p) => (p.bytes.activations = 2 ** 32 - 64)),
    /asks for 4\d{9} bytes of memory, expected at most 2147483648/,
  ],
  ['a missing tensor', () => changed((p) => (p.parameters.more = 0)), /tensor 'more' is missing/],
  [
    'a tensor outside',
    () => changed((p) => (p.parameters['c1.bias'] = 2 ** 20)),
    /'c1.bias' does not fit/,
  ],
  ['no input', () => changed((p) => (p.inputs = [])), /its inputs have no name/],
  [
    'an input outside',
    () => changed((p) => (p.inputs[0].at = p.bytes.batch)),
    /its inputs have no name/,
  ],
  [
    'an output outside',
    () => changed((p) => (p.output.at = p.bytes.results)),
    /its output has no name/,
  ],
  ['no program for one', () => changed((p) => p.programs.pop()), /the last for 1/],
  [
    'no such kernel',
    () => changed((p) => (p.programs[0].calls[0][0] = 'heapBase')),
    /kernel "heapBase"/,
  ],
  [
    'operands',
    () => changed((p) => p.programs[0].calls[0].pop()),
    /conv2d has 18 operands, expected 19/,
  ],
  ['an operand', () => changed((p) => (p.programs[0].calls[0][1] = 'x1')), /an operand is "x1"/],
  [
    'a longer batch',
    () => changed((p) => (p.programs[0].calls[0][1] = 5)),
    /conv2d has "b0" for x=N.C.H.W, outside/,
  ],
  [
    'no extent',
    () => changed((p) => (p.programs[0].calls[0][1] = 0)),
    /conv2d has "b0" for x=N.C.H.W, outside/,
  ],
  [
    'an address outside',
    () => changed((p) => (p.programs[0].calls[0][14] = 'b128')),
    /conv2d has "b128" for x/,
  ],
  ['no address', () => changed((p) => (p.programs[0].calls[0][14] = 0)), /conv2d has 0 for x/],
  [
    'an address for a number',
    () => changed((p) => (p.programs[0].calls[0][8] = 'b0')),
    /conv2d has "b0" for sh/,
  ],
];

for (const [what, file, message] of refused) {
  test(`refused: ${what}`, async () => {
    assert.match(await refusal(() => loadProgram(file(), { name: 'm' })), message);
  });
}

test('samples that do not fit are refused', async () => {
  const program = await loadProgram(bytes);
  const image = new Uint8Array(784);
  const cases: [() => unknown, RegExp][] = [
    [
      () => program.predict(image),
      /input 'input' has 784 values, which are not a whole number of samples of 1×32×32/,
    ],
    [() => program.predict(image, [1, 28]), /samples of 1×28, expected 1×32×32 or smaller images/],
    [() => program.predict(image, [1, 14, 56]), /samples of 1×14×56/],
    [() => program.predict(new Uint8Array(), [1, 28, 28]), /has 0 values/],
    [() => program.predict(new Int32Array(784), [1, 28, 28]), /Int32Array/],
    [() => program.predict([1] as never), /samples are an array/],
    [() => program.predict({}), /input 'input' is undefined/],
    [
      () => program.predict(Float32Array.of(...image, NaN).subarray(1), [1, 28, 28]),
      /scores of '.*': NaN at 0, expected a finite number/,
    ],
  ];
  for (const [predict, message] of cases) assert.match(await refusal(predict), message);
});

test('tokens beyond the vocabulary are refused', async () => {
  const tokens = await loadProgram(
    encodeProgram(withNumbers(gpt({ vocabulary: 5, length: 4, layers: 1, features: 8, heads: 2 }))),
  );
  assert.match(await refusal(() => tokens.predict(Uint8Array.of(1, 2, 9, 0))), /has 9 at 2/);
  assert.match(await refusal(() => tokens.predict(new Float32Array(4))), /expected whole numbers/);
});

/** The bytes of a file whose list of calls for one sample is `calls`; it takes and gives 16 numbers. */
const copying = (...calls: unknown[][]) =>
  changed((program) => {
    program.inputs = [{ name: 'x', shape: [16], mean: 0, deviation: 1, at: 0 }];
    program.output = { name: 'y', shape: [16], at: 0 };
    program.programs = [{ samples: 1, calls }];
  });

const remembering: [what: string, calls: unknown[][], message: RegExp][] = [
  [
    'activations of before',
    [
      ['scale', 'a0', 'r0', 16, 1],
      ['scale', 'b0', 'a0', 16, 1],
    ],
    /reads x, which no call before it has written/,
  ],
  ['results of before', [['add', 'b0', 'r0', 'r0', 16]], /add reads b, which no call/],
  ['more of the batch than a sample', [['scale', 'b4', 'r0', 16, 1]], /scale reads x/],
  [
    'a part',
    [
      ['scale', 'b0', 'a0', 8, 1],
      ['scale', 'a0', 'r0', 16, 1],
    ],
    /scale reads x/,
  ],
  [
    'parameters as a store',
    [
      ['add', 'p0', 'b0', 'p0', 16],
      ['scale', 'p0', 'r0', 16, 1],
    ],
    /add writes y into the parameters/,
  ],
  ['samples as a store', [['scale', 'b0', 'b0', 16, 1]], /scale writes y into the batch/],
  ['the workspace as a store', [['scale', 'b0', 'w0', 16, 1]], /scale has "w0" for y>count/],
  ['half of the output', [['scale', 'b0', 'r0', 8, 1]], /no call writes all of its output/],
  ['nothing', [], /no call writes all of its output/],
  [
    'too many calls',
    Array.from({ length: 70_000 }, () => ['scale', 'b0', 'r0', 16, 1]),
    /70000 calls, expected at most 65536/,
  ],
];

for (const [what, calls, message] of remembering) {
  test(`a program that could remember is refused: ${what}`, async () => {
    assert.match(await refusal(() => loadProgram(copying(...calls))), message);
  });
}

test('between what strides leave out there is nothing of earlier samples', async () => {
  const strides = [1, 1, 1, 1, 1, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2];
  const program = await loadProgram(
    copying(
      ['scale', 'b0', 'a0', 16, 1],
      ['scale', 'b0', 'a64', 16, 1],
      ['scale', 'a0', 'r0', 16, 1],
      ['copyStrided', ...strides, 'b0', 'a128'],
      ['scale', 'a128', 'r0', 15, 1],
    ),
  );
  const first = program.predict(Float32Array.from({ length: 16 }, (_, i) => i + 1)).scores;
  assert.equal([...first], [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 16]);
});

const numbers: [what: string, file: () => Uint8Array][] = [
  ...[-64, 1e300, 2 ** 53, 0.5, '64', null].map((found): [string, () => Uint8Array] => [
    `${found} bytes`,
    () => changed((p) => (p.bytes.activations = found)),
  ]),
  ...[-4, 1e300, 2 ** 31, 0.5, '0', null].flatMap((found): [string, () => Uint8Array][] => [
    [`an input at ${found}`, () => changed((p) => (p.inputs[0].at = found))],
    [`an output at ${found}`, () => changed((p) => (p.output.at = found))],
    [`a tensor at ${found}`, () => changed((p) => (p.parameters['c1.bias'] = found))],
    [`a shape of ${found}`, () => changed((p) => (p.inputs[0].shape[0] = found))],
  ]),
  ...[-1, 0, 1e300, 0.5, '4', null].map((found): [string, () => Uint8Array] => [
    `${found} samples`,
    () => changed((p) => (p.programs[0].samples = found)),
  ]),
  ...[-1, 1e300, 2 ** 32 + 4, 0.5, 'Infinity'].flatMap((found): [string, () => Uint8Array][] =>
    [1, 6, 8, 13, 18].map((at) => [
      `operand ${at} is ${found}`,
      () => changed((p) => (p.programs[0].calls[0][at] = found)),
    ]),
  ),
];

test('numbers that do not belong in their place are refused by name', async () => {
  for (const [what, file] of numbers)
    assert.match(
      await refusal(() => loadProgram(file(), { name: 'm' })),
      /^(file: )?'m': |m/,
      what,
    );
});

test('a program asks for no more memory than is allowed', async () => {
  const huge = () => changed((p) => (p.bytes.activations = 3_900_000_000 - (3_900_000_000 % 64)));
  assert.match(
    await refusal(() => loadProgram(huge(), { name: 'm' })),
    /'m' asks for 390\d{7} bytes of memory, expected at most 2147483648/,
  );
  assert.match(
    await refusal(() => loadProgram(bytes, { mostBytes: 100_000 })),
    /asks for \d{6,} bytes of memory, expected at most 100000/,
  );
  assert.is((await loadProgram(bytes, { mostBytes: 20_000_000 })).output.length, 1);
  assert.match(await refusal(() => loadProgram(bytes, { mostBytes: NaN })), /mostBytes is NaN/);
});

test('options that cannot be are refused', async () => {
  assert.match(await refusal(() => encodeProgram(trained, { batch: 0 })), /batch is 0/);
  assert.match(await refusal(() => encodeProgram(trained, { output: 'x' })), /no output 'x'/);
  assert.match(await refusal(() => loadProgram('x' as never)), /a program is x/);
});

test('a program file is a model file still', async () => {
  assert.is(await decodeModel(bytes, 'm').sha256(), await trained.sha256());
});

/** Small, so that many runs of it are done soon. */
const tiny = encodeProgram(withNumbers(mlp({ size: 2, hidden: 4, classes: 2 })), {
  batch: 2,
});

test('a program with any numbers is refused or stays in its memory', async () => {
  const draw = createDraw(1);
  const values = [
    0,
    1,
    2,
    3,
    7,
    64,
    1000,
    65_536,
    2 ** 31 - 1,
    2 ** 31,
    -1,
    0.5,
    'b0',
    'a64',
    'w0',
    'p4',
    'Infinity',
  ];
  let refusals = 0;
  for (const file of [bytes, tiny]) {
    const { tensors, metadata } = decodeSafetensors(file, 'm');
    for (let i = 0; i < 300; i++) {
      const program = JSON.parse(metadata['program']!) as Changed;
      const { calls } = program.programs[draw(0, program.programs.length - 1)];
      for (let n = draw(1, 3); n > 0; n--) {
        const call = calls[draw(0, calls.length - 1)];
        call[draw(1, call.length - 1)] = values[draw(0, values.length - 1)];
      }
      const all = { ...metadata, program: JSON.stringify(program) };
      try {
        const loaded = await loadProgram(encodeSafetensors(tensors, all));
        const [shape] = Object.values(loaded.inputs);
        loaded.predict(new Float32Array(3 * shape!.reduce((a, b) => a * b, 1)));
      } catch (error) {
        if (!(error instanceof LanewiseError)) throw error;
        refusals++;
      }
    }
  }
  assert.ok(refusals > 100 && refusals < 600, `${refusals} of 600 refused`);
});

test.run();
