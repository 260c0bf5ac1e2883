/** Sums of products by the names of axes: values, shapes and gradients are PyTorch’s, and what does not fit is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/checked.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  equation: string;
  shapes: number[][];
  seed: number;
  y: string;
  yShape: number[];
  gradients: Record<string, string>;
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    for (const { equation, shapes, seed, y, yShape, gradients } of loadGolden<Case>('einsum')) {
      const leaves = shapes.map((shape, i) => input(`leaf ${i}`, shape));
      const feeds = new Map(leaves.map((t, i) => [t, numbers(sizeOf(t.shape), seed + i)]));
      const result = ops.einsum(equation, leaves);
      assert.equal(result.shape, yShape, equation);
      const target = numbers(sizeOf(result.shape), seed + 99);
      const { value, found } = await valueAndGradients(result, leaves, feeds, target, numerics);
      assertClose(value, unpack(y), 1e-5, equation);
      leaves.forEach((_, i) =>
        assertClose(found[i]!, unpack(gradients[i]!), 1e-4, `${equation}: gradient by leaf ${i}`),
      );
    }
  });
}

test('what does not fit is refused by name', () => {
  const [a, b] = [input('a', [2, 3]), input('b', [4, 5])];
  const of =
    (equation: string, ...operands: (typeof a)[]) =>
    () =>
      ops.einsum(equation, operands);
  refuses(of('ij,jk->ik', a, b), /einsum: axis 'j' of 4×5 has 4 elements, others 3/);
  refuses(of('ij->ik', a), /einsum: 'k' of the result is in no term/);
  refuses(of('ij->ii', a), /einsum: 'i' of the result is in no term, or twice/);
  refuses(of('ijk', a), /einsum: 'ijk' names 3 axes of 2×3/);
  refuses(of('i', a), /einsum: 'i' names 1 axes of 2×3/);
  refuses(of('ij', a, b), /einsum: 'ij' is of 1 tensors, found 2/);
  refuses(of('i1', a), /einsum: 'i1' is not made of letters/);
  refuses(of('......', a), /is not made of letters and at most one ellipsis/);
  refuses(of('ij->i->j', a), /einsum: 'ij->i->j' has more than one arrow/);
  assert.throws(() => ops.einsum(3 as never, [a]), /einsum: equation is 3, expected a text/);
  assert.throws(() => ops.einsum('i', a as never), /einsum: operands is .*, expected a list/);
});

test.run();
