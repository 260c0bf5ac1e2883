/** Recurrent cells that begin with given states: PyTorch's values and gradients; other formulae: onnxruntime's values. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/checked.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

interface Case {
  readonly cell: 'lstm' | 'gru' | 'tanh';
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly seed: number;
  /** States of all steps, the last ones, an LSTM's memory. */
  readonly results: string[];
}

interface Variant extends Case {
  readonly hard: boolean;
  readonly resetFirst: boolean;
  readonly reverse: boolean;
}

function leavesOf({ shapes, seed }: Case) {
  const leaves = Object.entries(shapes).map(([name, shape]) => input(name, shape));
  const feeds = new Map(leaves.map((t, i) => [t, numbers(sizeOf(t.shape), seed + i)]));
  const [x, weightIh, weightHh, biasIh, biasHh, h0, c0] = leaves as [
    Tensor,
    Tensor,
    Tensor,
    ...Tensor[],
  ];
  return { leaves, feeds, x, weights: { weightIh, weightHh, biasIh, biasHh }, h0, c0 };
}

const listOf = ({ states, h, c }: ReturnType<typeof ops.recurrentStates>): Tensor[] =>
  c ? [states, h, c] : [states, h];

for (const numerics of availableNumerics) {
  test(`states to begin with and left at the end (${numerics}) are PyTorch’s, and all gradients`, async () => {
    const cases = loadGolden<Case & { gradients: Record<string, string> }>('recurrent-states');
    assert.is(cases.length, 9);
    for (const one of cases) {
      const { leaves, feeds, x, weights, h0, c0 } = leavesOf(one);
      const results = listOf(ops.recurrentStates(x, weights, one.cell, { h0, c0 }));
      const loss = results
        .map((result) => ops.sum(ops.square(result)))
        .reduce((a, b) => ops.add(a, b));
      const found = await evaluate([...results, ...gradients(loss, leaves)], feeds, { numerics });
      const what = `${one.cell} of ${JSON.stringify(one.shapes)}`;
      one.results.forEach((packed, i) =>
        assertClose(found[i]!, unpack(packed), 1e-5, `${what}: result ${i}`),
      );
      Object.entries(one.gradients).forEach(([name, packed], i) =>
        assertClose(found[results.length + i]!, unpack(packed), 1e-4, `${what}: by ${name}`),
      );
    }
  });

  test(`the other formula of GRU and gates of a line (${numerics}) are onnxruntime’s`, async () => {
    const cases = loadGolden<Variant>('onnx-recurrent');
    assert.is(cases.length, 12);
    for (const one of cases) {
      const { feeds, x, weights, h0, c0 } = leavesOf(one);
      const run = {
        h0,
        c0,
        reverse: one.reverse,
        resetAfter: !one.resetFirst,
        recurrentActivation: one.hard ? 'hardSigmoid' : 'sigmoid',
      } as const;
      const results = listOf(ops.recurrentStates(x, weights, one.cell, run));
      const found = await evaluate(results, feeds, { numerics });
      const { cell, hard, resetFirst, reverse } = one;
      const what = JSON.stringify({ cell, hard, resetFirst, reverse });
      assert.is(found.length, one.results.length);
      found.forEach((result, i) =>
        assertClose(result, unpack(one.results[i]!), 1e-5, `${what}: result ${i}`),
      );
    }
  });
}

test.run();
