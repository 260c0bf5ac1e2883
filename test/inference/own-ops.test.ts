/** Ops without a layer of their own: programs compiled from layers that call them answer with the model's own bits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadProgram } from '../../src/inference/index.js';
import { defineLayer, sequential } from '../../src/layers/index.js';
import * as ops from '../../src/ops/checked.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { numbers } from '../support/numbers.js';

/** Weights of 2 units for 6 features, all different. */
function weightsOf(rows: number) {
  const [own, features] = [
    ops.literal(Array.from(numbers(rows, 3))),
    ops.literal([1, 2, -1, 0.5, 0, 1]),
  ];
  const column = ops.reshape(own, [rows, 1]);
  return { weightIh: ops.multiply(column, features), weightHh: ops.expand(column, [rows, 2]) };
}

/** Results of 4×6 samples. */
const built: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  gather: (x) => ops.gather(x, ops.literal([2, -1, 0]), 1),
  takeAlong: (x) => ops.takeAlong(x, ops.topK(x, 3, 2, { largest: false }).indices, 2),
  gatherNd: (x) =>
    ops.transpose(
      ops.gatherNd(ops.transpose(x, 0, 1), ops.reshape(ops.literal([1, -2]), [2, 1])),
      0,
      1,
    ),
  scatter: (x) => ops.scatter(x, ops.argMax(x, 2, { keepDims: true }), ops.mean(x, 2, true), 2),
  scatterMax: (x) =>
    ops.scatter(x, ops.argMin(x, 1, { keepDims: true }), ops.sum(x, 1, true), 1, { reduce: 'max' }),
  scatterNd(x) {
    const [rows, places] = [ops.transpose(x, 0, 1), ops.reshape(ops.literal([0, 3]), [2, 1])];
    return ops.transpose(ops.scatterNd(rows, places, ops.slice(rows, [[1, 3]])), 0, 1);
  },
  slice: (x) => ops.slice(x, [[], [undefined, undefined, -2], [0, 6, 3]]),
  flip: (x) => ops.flip(x, [1, 2]),
  batchMatmul: (x) =>
    ops.batchMatmul(ops.expand(ops.literal([1, -2, 0.5]), [2, 3]), ops.slice(x, [[], [0, 3]])),
  resize: (x) => ops.resize(x, { scales: [1.5, 0.7], mode: 'cubic', antialias: true }),
  nearest: (x) => ops.resize(x, { sizes: [7, 3], coordinates: 'asymmetric', rounding: 'floor' }),
  volumes: (x) =>
    ops.maxPool3d(ops.reshape(x, [-1, 1, 2, 3, 4]), { kernel: [1, 2, 2], stride: [1, 1, 2] }),
  lstm(x) {
    const h0 = ops.slice(ops.mean(x, 2), [[], [0, 2]]);
    const run = { h0, recurrentActivation: 'hardSigmoid' } as const;
    const { states, h, c } = ops.recurrentStates(x, weightsOf(8), 'lstm', run);
    return ops.concat([ops.flatten(states), h, c!], 1);
  },
  gru: (x) => ops.recurrent(x, weightsOf(6), 'gru', { resetAfter: false }),
};

for (const [name, build] of Object.entries(built)) {
  test(`${name}: the program’s answers are the model’s`, async () => {
    const layer = defineLayer(name, {}, (_, x) => build(x!));
    const model = sequential([layer], { input: [4, 6] });
    const trained = withWeights(model, new Map(), { loss: 'meanSquaredError', numerics: 'strict' });
    const samples = numbers(24, 5);
    const program = await loadProgram(encodeProgram(trained));
    const { scores } = await trained.predict(samples);
    assert.equal(program.predict(samples).scores, scores);
    assert.ok(scores.every(Number.isFinite) && scores.some((score) => score !== 0));
  });
}

test.run();
