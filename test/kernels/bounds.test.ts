/** Kernels of products, pooling, resampling and normalisation write their results and workspace, and nothing behind them. */
import { test } from 'uvu';
import { LOADS } from '../../src/engine/loads.js';
import { matmulWorkspace } from '../../src/ops/workspace.js';
import { createDraw, numbers } from '../support/numbers.js';
import { assertGuarded, availableNumerics, createInstance } from './instance.js';

for (const numerics of availableNumerics) {
  test(`products stay within output and workspace with every spelling (${numerics})`, async () => {
    for (const [name, kind] of Object.entries(LOADS)) {
      const instance = await createInstance(numerics, 16);
      const { kernels: k, put } = instance;
      const [a, b] = [put(numbers(33 * 65, 1)), put(numbers(65 * 27, 2))];
      k.spellLoads(kind);
      for (const m of [2, 3, 9, 19, 32, 33])
        for (const n of [1, 2, 4, 5, 7, 8, 11, 12, 14, 27])
          for (const depth of [1, 9, 65])
            for (const [tA, tB] of [[0, 0] as const, [0, 1] as const, [1, 0] as const]) {
              const what = `${m}×${n}×${depth}, transposed ${tA} ${tB}, ${name}`;
              const bytes = matmulWorkspace(m, n, depth);
              assertGuarded(instance, what, m * n, bytes, (c, scratch) =>
                k.matmul(tA, tB, m, n, depth, a, b, 0, c, 0, scratch),
              );
            }
    }
  });

  test(`resampling stays within output and workspace (${numerics})`, async () => {
    const instance = await createInstance(numerics);
    const { kernels: k, put } = instance;
    const draw = createDraw(3);
    for (let i = 0; i < 30; i++) {
      const [H, W, P, Q] = [draw(1, 6), draw(1, 7), draw(1, 11), draw(1, 11)];
      const extents = [2, H, W, P, Q, H, P, W, Q] as const;
      const aligned = [
        2,
        H,
        W,
        P,
        Q,
        H - 1,
        Math.max(P - 1, 1),
        W - 1,
        Math.max(Q - 1, 1),
      ] as const;
      const [x, dy] = [put(numbers(2 * H * W, i)), put(numbers(2 * P * Q, i + 1))];
      const bytes = (2 * Q + W + 1) * 4;
      const what = extents.join(' ');
      assertGuarded(instance, `nearest ${what}`, 2 * P * Q, Q * 4, (y, scratch) =>
        k.upsampleNearest(...extents, x, y, scratch),
      );
      assertGuarded(instance, `nearest gradient ${what}`, 2 * H * W, Q * 4, (dx, scratch) =>
        k.upsampleNearestGradient(...extents, dy, dx, scratch),
      );
      for (const [corners, at] of [extents, aligned].entries()) {
        assertGuarded(instance, `bilinear ${what}`, 2 * P * Q, bytes, (y, scratch) =>
          k.upsampleBilinear(...at, corners, x, y, scratch),
        );
        assertGuarded(instance, `bilinear gradient ${what}`, 2 * H * W, bytes, (dx, scratch) =>
          k.upsampleBilinearGradient(...at, corners, dy, dx, scratch),
        );
      }
    }
  });

  test(`attention with more queries than keys, or fewer, stays within its buffers (${numerics})`, async () => {
    const instance = await createInstance(numerics);
    const { kernels: k, put } = instance;
    for (const [T, S, d] of [
      [3, 1, 1],
      [5, 2, 3],
      [7, 20, 4],
      [20, 7, 17],
    ] as const) {
      const [N, heads] = [2, 2];
      const [rows, maps] = [N * heads * d, N * heads * T * S];
      const [q, key] = [put(numbers(rows * T, 1)), put(numbers(rows * S, 2))];
      const [p, dp] = [put(numbers(maps, 3)), put(numbers(maps, 4))];
      const at = [N, heads, T, S, d, 1] as const;
      const guarded = (what: string, count: number, kernel: (y: number, scratch: number) => void) =>
        assertGuarded(instance, `${what} ${T}×${S}×${d}`, count, d * S * 4, kernel);
      for (const normalize of [0, 1])
        guarded('scores', maps, (y, scratch) =>
          k.attentionScores(...at, normalize, 1, q, key, y, scratch, 0),
        );
      guarded('gradient', maps, (dx) =>
        k.attentionScoresGradient(N, heads, T, S, 1, 1, p, dp, dx, 0),
      );
      guarded('product', rows * T, (y) => k.attentionProduct(...at, 0, p, key, y, 0));
      guarded('transposed product', rows * S, (y) => k.attentionProduct(...at, 1, p, q, y, 0));
    }
  });

  test(`normalisation stays within output and workspace (${numerics})`, async () => {
    const instance = await createInstance(numerics);
    const { kernels: k, put, reserve } = instance;
    for (const [N, C, area] of [
      [2, 4, 1],
      [1, 6, 7],
      [2, 2, 18],
    ] as const) {
      const count = N * C * area;
      const [x, dy] = [put(numbers(count, 1)), put(numbers(count, 2))];
      const [w, b, m] = [put(numbers(count, 3)), put(numbers(count, 4)), reserve(2 * count)];
      const guarded = (what: string, results: number, kernel: (y: number) => void) =>
        assertGuarded(instance, `${what} ${N}×${C}×${area}`, results, 4, kernel);
      assertGuarded(instance, 'local response gradient', count, C * area * 4, (dx, scratch) =>
        k.localResponseNormGradient(N, C, area, 3, 1, 0.75, 1, x, dy, dx, scratch),
      );
      guarded('local response', count, (y) => k.localResponseNorm(N, C, area, 3, 1, 0.6, 1, x, y));
      guarded('affine', count, (y) => k.channelAffine(N, C, area, x, w, b, y));
      guarded('products', C, (dw) => k.channelProducts(N, C, area, x, dy, dw));
      k.channelMoments(1, N, C * area, x, m);
      guarded('layer', count, (y) => k.layerNorm(N, C * area, x, m, w, b, 0.1, y));
      guarded('layer gradient', count, (dx) =>
        k.layerNormGradient(N, C * area, x, m, w, dy, 0.1, dx),
      );
      guarded('layer weight', C * area, (dw) =>
        k.layerNormWeightGradient(N, C * area, x, m, dy, 0.1, dw),
      );
      k.channelMoments(1, 2 * N, (C / 2) * area, x, m);
      guarded('group', count, (y) => k.groupNorm(N, C, area, 2, x, m, w, b, 0.1, y));
      guarded('group sums', 2 * N * C, (s) => k.groupNormSums(N, C, area, 2, x, m, dy, 0.1, s));
      const sums = reserve(2 * N * C);
      k.groupNormSums(N, C, area, 2, x, m, dy, 0.1, sums);
      guarded('group gradient', count, (dx) =>
        k.groupNormGradient(N, C, area, 2, x, m, w, sums, dy, 0.1, dx),
      );
    }
  });
}

test.run();
