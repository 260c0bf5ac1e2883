/** Every spelling of a kernel's loads (assembly/loads.ts) gives the same bits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LOADS } from '../../src/engine/loads.js';
import * as workspace from '../../src/ops/workspace.js';
import { numbers } from '../support/numbers.js';
import { availableNumerics, createInstance, type Instance } from './instance.js';

interface Shape {
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly O: number;
  readonly kh: number;
  readonly kw: number;
  readonly ph: number;
  readonly pw: number;
  readonly stride?: number;
}

/** Runs with each spelling, `count` results each. */
function assertSameBits(
  { kernels, reserve, read }: Instance,
  what: string,
  count: number,
  run: (result: number) => void,
): void {
  const [narrow, ...others] = Object.values(LOADS).map((kind) => {
    const result = reserve(count);
    kernels.spellLoads(kind);
    run(result);
    assert.ok(Number.isNaN(read(result, count + 1)[count]), `${what}: writes past the end`);
    return read(result, count);
  });
  assert.ok(narrow!.every(Number.isFinite), `${what}: a result is missing`);
  for (const other of others) {
    assert.equal(new Uint32Array(other.buffer), new Uint32Array(narrow!.buffer), what);
  }
}

for (const numerics of availableNumerics) {
  test(`products (${numerics}) of packed panels, of rows as they lie, and of a last panel alone`, async () => {
    for (const m of [2, 3, 4, 9, 32, 33, 47]) {
      for (const n of [1, 6, 8, 16, 27, 56]) {
        for (const k of [1, 3, 4, 5, 8, 31, 259]) {
          const instance = await createInstance(numerics, 4);
          const { kernels, put, reserve } = instance;
          const [a, b] = [put(numbers(m * k, m + k)), put(numbers(k * n, n))];
          const scratch = reserve(workspace.matmulWorkspace(m, n, k) / 4);
          assertSameBits(instance, `${m}×${n}×${k}`, m * n, (c) =>
            kernels.matmul(0, 1, m, n, k, a, b, 0, c, 0, scratch),
          );
        }
      }
    }
  });

  test(`products (${numerics}) of lines as they lie, of few rows in stretches, and of few steps`, async () => {
    const shapes = [
      [2, 24, 1],
      [4, 51, 40],
      [16, 1060, 281],
      [32, 100, 33],
      [6, 13, 2100],
      [32, 25, 4700],
      [130, 530, 16],
      [9, 300, 64],
      [35, 75, 300],
    ] as const;
    for (const [m, n, k] of shapes) {
      for (const [tA, tB] of [
        [0, 0],
        [1, 0],
        [0, 1],
      ] as const) {
        const instance = await createInstance(numerics, 12);
        const { kernels, put, reserve } = instance;
        const [a, b, bias] = [
          put(numbers(m * k, m + k)),
          put(numbers(k * n, n)),
          put(numbers(n, k)),
        ];
        const scratch = reserve(workspace.matmulWorkspace(m, n, k) / 4);
        assertSameBits(instance, `${m}×${n}×${k} ${tA} ${tB}`, m * n, (c) =>
          kernels.matmul(tA, tB, m, n, k, a, b, bias, c, 1, scratch),
        );
      }
    }
  });

  test(`convolutions (${numerics}) of few channels or filters, forward and by the weights`, async () => {
    const shapes: readonly Shape[] = [
      { C: 1, H: 28, W: 28, O: 6, kh: 5, kw: 5, ph: 2, pw: 2 },
      { C: 3, H: 9, W: 20, O: 5, kh: 3, kw: 3, ph: 1, pw: 1 },
      { C: 2, H: 4, W: 25, O: 3, kh: 2, kw: 6, ph: 0, pw: 0 },
      { C: 1, H: 3, W: 18, O: 1, kh: 1, kw: 3, ph: 0, pw: 0 },
      { C: 6, H: 14, W: 14, O: 16, kh: 5, kw: 5, ph: 0, pw: 0 },
      { C: 5, H: 21, W: 27, O: 31, kh: 3, kw: 2, ph: 1, pw: 1 },
      { C: 9, H: 2, W: 2, O: 6, kh: 1, kw: 2, ph: 0, pw: 1 },
      { C: 8, H: 37, W: 33, O: 12, kh: 3, kw: 3, ph: 1, pw: 0, stride: 2 },
      { C: 57, H: 9, W: 9, O: 24, kh: 3, kw: 3, ph: 1, pw: 1 },
    ];
    for (const shape of shapes) {
      const { C, H, W, O, kh, kw, ph, pw, stride = 1 } = shape;
      const [P, Q] = [(H + 2 * ph - kh) / stride + 1, (W + 2 * pw - kw) / stride + 1].map(
        Math.trunc,
      ) as [number, number];
      const N = 3;
      const all = { ...shape, N, sh: stride, sw: stride, P, Q };
      const leading = [N, C, H, W, O, kh, kw, stride, stride, ph, pw, P, Q] as const;
      const instance = await createInstance(numerics, 4);
      const { kernels, put, reserve } = instance;
      const what = JSON.stringify(shape);
      const x = put(numbers(N * C * H * W, 1));
      const [w, b] = [put(numbers(O * C * kh * kw, 2)), put(numbers(O, 3))];
      const forward = reserve(workspace.conv2dWorkspace(all) / 4);
      assertSameBits(instance, what, N * O * P * Q, (y) =>
        kernels.conv2d(...leading, x, w, b, y, 0, forward),
      );
      const dy = put(numbers(N * O * P * Q, 4));
      const backward = reserve(workspace.conv2dWeightGradientWorkspace(all) / 4);
      assertSameBits(instance, `${what} by the weights`, O * C * kh * kw, (dw) =>
        kernels.conv2dWeightGradient(...leading, x, dy, dw, backward),
      );
    }
  });
}

test.run();
