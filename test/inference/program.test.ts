/** Program files: the scores of the model they were made of, bit for bit, by every layer and by nets of the zoo. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { relaxedMaddIsFused } from '../../src/engine/features.js';
import { loadProgram } from '../../src/inference/index.js';
import { defineLayer, sequential, type Model } from '../../src/layers/index.js';
import * as zoo from '../../src/models/index.js';
import * as ops from '../../src/ops/checked.js';
import { inferenceKernels } from '../../src/program/inference-rows.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { examples, modelOf, samplesOf, withNumbers } from '../support/layer-examples.js';

const wasm = (name: string): WebAssembly.Module =>
  new WebAssembly.Module(readFileSync(new URL(`../../wasm/${name}.wasm`, import.meta.url)));

/** Scores samples by both. */
async function compare(trained: TrainedModel, batch: number, count: number): Promise<void> {
  const samples = samplesOf(trained.model, count);
  const program = await loadProgram(encodeProgram(trained, { batch }));
  const found = program.predict(samples);
  const expected = await trained.predict(samples);
  assert.equal(found, expected);
  assert.equal(program.predict(samples), expected, 'the second time');
}

test('the inference builds have exactly the kernels that programs are checked by', () => {
  const known = Object.keys(inferenceKernels).toSorted();
  for (const build of relaxedMaddIsFused() ? ['strict', 'fused'] : ['strict']) {
    const exports = WebAssembly.Module.exports(wasm(`inference-${build}`)).map(({ name }) => name);
    assert.equal(
      exports.filter((name) => !['heapBase', 'spellLoads'].includes(name)).toSorted(),
      known,
      build,
    );
  }
});

for (const example of examples) {
  const [{ kind, settings }] = example;
  test(`${kind} ${JSON.stringify(settings).slice(0, 60)} scores the same as a program`, () =>
    compare(withNumbers(modelOf(example)), 2, 3));
}

const small: Record<string, () => Model> = {
  lenet5: () => zoo.lenet5(),
  lenet5Original: () => zoo.lenet5Original(),
  mlp: () => zoo.mlp(),
  resnet20: () => zoo.resnet20(),
  smallSeNet: () => zoo.smallSeNet(),
  smallInception: () => zoo.smallInception(),
  charRnn: () => zoo.charRnn({ vocabulary: 11 }),
  gpt: () => zoo.gpt({ vocabulary: 11, length: 16, layers: 2, features: 16 }),
};

for (const [name, make] of Object.entries(small)) {
  test(`${name} scores the same as a program`, () => compare(withNumbers(make()), 3, 8));
}

test('a layer of functions that only layers of one’s own have scores the same as a program', () => {
  const [x1, x2] = [ops.constant(0.5, [1]), ops.constant(2, [1])];
  const functions = defineLayer('functions', {}, (_, x) => {
    const share = ops.scale(ops.tanh(x), 0.9);
    const ofAll = [ops.sin, ops.cos, ops.tan, ops.atan, ops.sinh, ops.cosh, ops.asinh, ops.sign];
    const ofSome = [ops.asin, ops.acos, ops.atanh, ops.floor, ops.ceil, ops.round, ops.trunc];
    const ofTwo = [ops.equal, ops.less, ops.greaterOrEqual, ops.pow, ops.fmod, ops.remainder];
    return ops.concat(
      [
        ...ofAll.map((op) => op(x)),
        ...ofSome.map((op) => op(share)),
        ...ofTwo.map((op) => op(ops.abs(x), x2)),
        ops.acosh(ops.add(ops.abs(x), x2)),
        ops.where(ops.greater(x, x1), ops.mish(x), ops.celu(x, 2)),
        ops.cumsum(x, 1),
        ops.prod(x, 1, true),
        ops.logsumexp(x, 1, true),
      ],
      1,
    );
  });
  return compare(withNumbers(sequential([functions], { input: [7] })), 2, 5);
});

test.run();
