/** Distillation's loss: PyTorch's value and gradient, its place in model files, data sets with and without a teacher. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorDataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { linear, sequential } from '../../src/layers/index.js';
import { distillation } from '../../src/losses/index.js';
import { describeTerms, lossTerms, readTerms } from '../../src/losses/terms.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';

interface Case {
  temperature: number;
  alpha: number;
  x: string;
  teacher: string;
  labels: number[];
  loss: number;
  gradient: string;
}

/** n×m values as m×n. */
const transposed = (values: Float32Array, n: number, m: number): Float32Array =>
  values.map((_, i) => values[(i % n) * m + Math.floor(i / n)]!);

for (const numerics of availableNumerics) {
  test(`value and gradient (${numerics}) are PyTorch’s`, async () => {
    for (const golden of loadGolden<Case>('distillation')) {
      const { temperature, alpha, labels } = golden;
      const [n, C] = [labels.length, 10];
      // A dense layer's outputs for one-hot samples are its weights: row i of x is column i.
      const model = sequential([linear(n, C, { bias: false })], { input: [n] });
      const data: TensorDataset = {
        name: 'golden',
        inputs: {
          input: {
            shape: [n],
            values: Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
          },
        },
        targets: {
          output: { shape: [], values: Int32Array.from(labels) },
          logits: { shape: [C], values: unpack(golden.teacher) },
        },
      };
      const { loss, gradients } = await gradientsOf(
        model,
        new Map([['0.weight', transposed(unpack(golden.x), n, C)]]),
        data,
        { loss: distillation({ temperature, alpha, target: 'logits' }), numerics },
      );
      const what = `temperature ${temperature}, alpha ${alpha}`;
      assertClose([loss], [golden.loss], 1e-5, what);
      const expected = transposed(unpack(golden.gradient), n, C);
      assertClose(gradients.get('0.weight')!, expected, 2e-5, `${what}: gradient`);
    }
  });
}

test('several losses of one output come back from a model file, with weights and targets', () => {
  const terms = lossTerms({ b: distillation({ alpha: 0.25 }), a: 'l1' }, ['a', 'b']);
  const described = JSON.parse(JSON.stringify(describeTerms(terms))) as unknown;
  assert.equal(described, [
    { output: 'a', weight: 1, kind: 'l1', settings: { reduction: 'mean' } },
    { output: 'b', weight: 0.75, kind: 'crossEntropy', settings: { labelSmoothing: 0 } },
    {
      output: 'b',
      weight: 0.25,
      target: 'teacher',
      kind: 'klDivergence',
      settings: { temperature: 4, from: 'logits' },
    },
  ]);
  assert.equal(describeTerms(readTerms(described, ['a', 'b'])), described);
});

test('what cannot be is refused', () => {
  const refuse = (make: () => unknown, message: RegExp) => {
    let found = '';
    try {
      make();
    } catch (error) {
      assert.instance(error, LanewiseError);
      found = (error as LanewiseError).message;
    }
    assert.match(found, message);
  };
  refuse(() => distillation({ alpha: 1.5 }), /^distillation: alpha is 1.5, expected a number from/);
  refuse(() => distillation({ temperature: 0 }), /^distillation: temperature is 0/);
  refuse(() => lossTerms([], ['y']), /^the list of losses of output 'y' is empty/);
  refuse(
    () => lossTerms([{ loss: 'l1', target: 3 as never }], ['y']),
    /target is 3, expected a text/,
  );
  refuse(() => lossTerms({ y: ['l1', 'l3' as never] }, ['y']), /^unknown loss 'l3'/);
  refuse(
    () => readTerms([{ output: 'y', weight: 1, kind: 'l1', settings: {}, target: {} }], ['y']),
    /target is an object, expected a text/,
  );
});

test.run();
