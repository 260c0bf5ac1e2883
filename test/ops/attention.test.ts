/** Attention: values and gradients of the definition, masked or not, and what a mask keeps from being read. */
// slow: random shapes against a definition in doubles
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { assertGuarded, availableNumerics, createInstance } from '../kernels/instance.js';
import * as reference from '../reference/sequence.js';
import { checkOp } from '../support/check-op.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

for (const numerics of availableNumerics) {
  test(`value and gradients (${numerics}) are the definition’s`, async () => {
    const awkward = [
      [1, 1, 1, 1, 1],
      [1, 6, 6, 1, 40],
      [2, 5, 5, 3, 2],
      [1, 37, 37, 1, 3],
      [1, 2, 35, 2, 5],
      [1, 3, 18, 1, 17],
    ] as const;
    const draw = createDraw(5);
    const random = Array.from({ length: 12 }, () => {
      const [N, T, S, heads, d] = [draw(1, 3), draw(1, 9), draw(1, 9), draw(1, 3), draw(1, 7)];
      return [N, T, draw(0, 1) ? T : S, heads, d] as const;
    });
    for (const [i, [N, T, S, heads, d]] of [...awkward, ...random].entries()) {
      const D = heads * d;
      for (const causal of T === S ? [true, false] : [false]) {
        await checkOp({
          what: `${N}×${T}×${D} on ${S} keys, ${heads} heads${causal ? ', causal' : ''}`,
          shapes: [
            [N, T, D],
            [N, S, D],
            [N, S, D],
          ],
          seed: 500 + i,
          numerics,
          op: (q, k, v) => ops.attention(q!, k!, v!, { heads, causal }),
          definition: (q, k, v) => reference.attention(q!, k!, v!, [N, T, S, D], heads, causal),
        });
      }
    }
  });

  test(`the first queries (${numerics}) read nothing of later keys and values, forward and back`, async () => {
    const [N, T, D] = [2, 11, 8];
    const leaves = ['q', 'k', 'v'].map((name) => input(name, [N, T, D]));
    const y = ops.attention(leaves[0]!, leaves[1]!, leaves[2]!, { heads: 2, causal: true });
    // The loss has only the first five steps, so that the gradient by later keys is zero.
    const loss = ops.weightedSum(ops.slice(y, [[], [0, 5]]), 0.5);
    const values = leaves.map((_, i) => numbers(N * T * D, i));
    const run = (feeds: readonly Float32Array[]) =>
      evaluate([ops.slice(y, [[], [0, 5]]), loss], new Map(leaves.map((t, i) => [t, feeds[i]!])), {
        numerics,
      });
    const spoilt = values.map((array) =>
      array.map((value, at) => (Math.floor(at / D) % T < 5 ? value : NaN)),
    );
    assert.equal(await run(spoilt), await run(values));
    const byLeaves = gradients(loss, leaves).map((g) => ops.slice(g, [[], [5]]));
    const later = await evaluate(byLeaves, new Map(leaves.map((t, i) => [t, values[i]!])), {
      numerics,
    });
    for (const array of later) assert.ok(array.every((value) => value === 0));
  });

  test(`a sample’s result (${numerics}) does not depend on the other samples`, async () => {
    const [N, T, D] = [5, 9, 12];
    const values = ['q', 'k', 'v'].map((_, i) => numbers(N * T * D, 30 + i));
    const run = async (from: number, count: number) => {
      const leaves = values.map((_, i) => input(`x${i}`, [count, T, D]));
      const feeds = values.map((array) => array.slice(from * T * D, (from + count) * T * D));
      const y = ops.attention(leaves[0]!, leaves[1]!, leaves[2]!, { heads: 3, causal: true });
      return (await evaluate([y], new Map(leaves.map((t, i) => [t, feeds[i]!])), { numerics }))[0]!;
    };
    const all = await run(0, N);
    for (let n = 0; n < N; n++)
      assert.equal(await run(n, 1), all.slice(n * T * D, (n + 1) * T * D));
  });

  test(`its gradient (${numerics}) through given weights has gradients itself`, async () => {
    // attentionProduct is linear in both: a second derivative by values and weights exists.
    const [N, T, D] = [1, 3, 4];
    const leaves = ['q', 'k', 'v'].map((name) => input(name, [N, T, D]));
    const y = ops.attention(leaves[0]!, leaves[1]!, leaves[2]!, { heads: 2, causal: false });
    const [dv] = gradients(ops.weightedSum(y, 1), [leaves[2]!]);
    const [again] = gradients(ops.weightedSum(dv!, 1), [leaves[0]!]);
    const feeds = new Map(leaves.map((t, i) => [t, numbers(N * T * D, i)]));
    const [found] = await evaluate([again!], feeds, { numerics });
    // Σ of a softmax is 1 for any q.
    assert.ok(found!.every((value) => Math.abs(value) < 1e-6));
  });
}

for (const numerics of availableNumerics) {
  test(`the kernels (${numerics}) write neither behind their results nor behind the workspace`, async () => {
    const instance = await createInstance(numerics);
    const { kernels, put } = instance;
    for (const [N, heads, T, S, d, causal] of [
      [1, 1, 1, 1, 1, 1],
      [2, 3, 5, 5, 3, 1],
      [1, 2, 19, 37, 17, 0],
      [1, 1, 33, 33, 35, 1],
    ] as const) {
      const D = heads * d;
      const [q, k] = [put(numbers(N * T * D, 1)), put(numbers(N * S * D, 2))];
      const p = put(numbers(N * heads * T * S, 3));
      const leading = [N, heads, T, S, d, causal] as const;
      const what = leading.join(' ');
      assertGuarded(instance, what, N * heads * T * S, d * S * 4, (y, workspace) =>
        kernels.attentionScores(...leading, 1, 0.5, q, k, y, workspace, 0),
      );
      assertGuarded(instance, what, N * heads * T * S, 0, (y) =>
        kernels.attentionScoresGradient(N, heads, T, S, causal, 0.5, p, p, y, 0),
      );
      const values = put(numbers(N * S * D, 4));
      assertGuarded(instance, what, N * (T + S) * D, (d + T) * S * 4, (y, workspace) => {
        const dk = y + N * T * D * 4;
        kernels.attentionGradient(...leading, 0.5, p, q, values, q, k, y, dk, workspace, 0);
      });
      assertGuarded(instance, what, N * T * D, 0, (y) =>
        kernels.attentionProduct(...leading, 0, p, k, y, 0),
      );
      assertGuarded(instance, what, N * S * D, 0, (y) =>
        kernels.attentionProduct(...leading, 1, p, q, y, 0),
      );
    }
  });
}

test('shapes that do not go together are refused with all three', () => {
  const x = (...shape: number[]) => input('x', shape);
  refuses(
    () => ops.attention(x(2, 3, 4), x(2, 5, 4), x(2, 6, 4), { heads: 2, causal: false }),
    /attention: query, key and value have shapes 2×3×4, 2×5×4, 2×6×4, expected N×T×D, N×S×D and N×S×D/,
  );
  refuses(
    () => ops.attention(x(2, 3, 4), x(2, 3, 4), x(2, 3, 4), { heads: 3, causal: false }),
    /attention: 4 features of .* do not divide into 3 heads/,
  );
  refuses(
    () => ops.attention(x(2, 3, 4), x(2, 5, 4), x(2, 5, 4), { heads: 2, causal: true }),
    /attention: a causal mask needs as many keys as queries, found 2×3×4, 2×5×4, 2×5×4/,
  );
});

test.run();
