/**
 * The bits of sequences: what attention's and the recurrent layers' kernels gave when each row and each step was computed
 * by itself, before rows were computed in tiles and weights packed once for all steps.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../../src/base/sha256.js';
import { recurrentWorkspace } from '../../src/ops/workspace.js';
import { createInstance, type Instance } from '../kernels/instance.js';
import { createDraw, numbers } from '../support/numbers.js';

/** SHA-256 of all the results, one after the other. */
const hash = (results: readonly Float32Array[]): Promise<string> =>
  sha256(...results.map(({ buffer }) => new Uint8Array(buffer)));

/** Scores, weights, their gradient and both products of heads of random shapes. */
function attend({ kernels, put, reserve, read }: Instance, seed: number): Float32Array[] {
  const draw = createDraw(seed);
  const [N, heads, d] = [draw(1, 3), draw(1, 3), draw(1, 40)];
  const [T, causal, isPadded] = [draw(1, 50), draw(0, 1), draw(0, 1)];
  const S = causal ? T : draw(1, 50);
  const D = heads * d;
  const [q, k] = [put(numbers(N * T * D, seed)), put(numbers(N * S * D, seed + 1))];
  const [p, dp] = [2, 3].map((i) => put(numbers(N * heads * T * S, seed + i))) as [number, number];
  const lengths = isPadded ? put(Int32Array.from({ length: N }, () => draw(1, S))) : 0;
  const leading = [N, heads, T, S, d, causal] as const;
  const [scores, queries, keys] = [N * heads * T * S, N * T * D, N * S * D];
  const workspace = reserve(d * S);
  const after = (count: number, kernel: (y: number) => void): Float32Array => {
    const y = reserve(count);
    kernel(y);
    return read(y, count);
  };
  return [
    ...[0, 1].map((normalize) =>
      after(scores, (y) =>
        kernels.attentionScores(...leading, normalize, 0.3, q, k, y, workspace, lengths),
      ),
    ),
    after(scores, (y) =>
      kernels.attentionScoresGradient(N, heads, T, S, causal, 0.3, p, dp, y, lengths),
    ),
    after(queries, (y) => kernels.attentionProduct(...leading, 0, p, k, y, lengths)),
    after(keys, (y) => kernels.attentionProduct(...leading, 1, p, q, y, lengths)),
  ];
}

/** Planes of the record, and floats a unit beside it: src/ops/recurrence.ts. */
const kept = { elman: [1, 1, 2], lstm: [4, 6, 6], gru: [3, 5, 5] } as const;

/** The record and the gradient of a run of random extents in a random mode. */
function recur(
  { kernels, put, reserve, read }: Instance,
  cell: keyof typeof kept,
  seed: number,
  packed: boolean,
): Float32Array[] {
  const draw = createDraw(seed);
  const [rows, planes, states] = kept[cell];
  const [N, T, H, mode] = [draw(1, 40), draw(1, 6), draw(1, 45), draw(0, 31)];
  const lengths = draw(0, 1) ? put(Int32Array.from({ length: N }, () => draw(1, T))) : 0;
  const x = put(numbers(N * T * rows * H, seed));
  const [w, bias] = [put(numbers(rows * H * H, seed + 1)), put(numbers(rows * H, seed + 2))];
  const dy = put(numbers(N * T * H, seed + 3));
  const [record, dx] = [reserve(planes * N * T * H), reserve(N * T * rows * H)];
  const workspace = reserve(recurrentWorkspace(N, H, rows, states, packed) / 4);
  const leading = [N, T, H, mode + (packed ? 32 : 0)] as const;
  if (cell === 'elman') {
    kernels.elman(...leading, 3, x, w, bias, record, workspace, lengths);
    kernels.elmanGradient(...leading, 3, w, record, dy, dx, workspace, lengths);
  } else {
    kernels[cell](...leading, x, w, bias, record, workspace, lengths);
    kernels[`${cell}Gradient`](...leading, w, record, dy, dx, workspace, lengths);
  }
  return [read(record, planes * N * T * H), read(dx, N * T * rows * H)];
}

const seeds = Array.from({ length: 30 }, (_, i) => 100 + 10 * i);

test('the gradients by queries and keys have the bits of their parts one after the other', async () => {
  const { kernels, put, reserve, read } = await createInstance('strict', 64);
  for (const seed of seeds) {
    const draw = createDraw(seed);
    const [N, heads, d, T, causal] = [draw(1, 3), draw(1, 3), draw(1, 40), draw(1, 50), draw(0, 1)];
    const S = causal ? T : draw(1, 50);
    const D = heads * d;
    const [q, dy] = [0, 1].map((i) => put(numbers(N * T * D, seed + i))) as [number, number];
    const [k, v] = [2, 3].map((i) => put(numbers(N * S * D, seed + i))) as [number, number];
    const p = put(numbers(N * heads * T * S, seed + 4));
    const lengths = draw(0, 1) ? put(Int32Array.from({ length: N }, () => draw(1, S))) : 0;
    const leading = [N, heads, T, S, d, causal] as const;
    const [dp, dq, dk, both] = [N * heads * T * S, N * T * D, N * S * D, N * (T + S) * D].map(
      reserve,
    );
    const workspace = reserve((d + T) * S);
    kernels.attentionScores(...leading, 0, 1, dy, v, dp!, workspace, lengths);
    kernels.attentionScoresGradient(N, heads, T, S, causal, 0.3, p, dp!, dp!, lengths);
    kernels.attentionProduct(...leading, 0, dp!, k, dq!, lengths);
    kernels.attentionProduct(...leading, 1, dp!, q, dk!, lengths);
    const second = both! + N * T * D * 4;
    kernels.attentionGradient(...leading, 0.3, p, dy, v, q, k, both!, second, workspace, lengths);
    const parts = [read(dq!, N * T * D), read(dk!, N * S * D)];
    assert.is(await hash([read(both!, N * (T + S) * D)]), await hash(parts), leading.join(' '));
  }
});

test('attention has the bits that it had row by row', async () => {
  const instance = await createInstance('strict', 64);
  const found = await hash(seeds.flatMap((seed) => attend(instance, seed)));
  assert.is(found, '94f09815b92e50bb375ccdd2191b41409e05b4bdc1d4488b1bb18528ef4f5016');
});

for (const [cell, expected] of [
  ['elman', 'da59844d3a68ab1f10da9b088c350711c71b6c5718e489e6347ce9c87a602971'],
  ['lstm', '410528bf300a79d433bc122d4a249995dd9c8f47a21e9b0f97ea169b41bc78ff'],
  ['gru', '066bad7a0af48c0d2a9a0f7e19322e6c2638fdeb2d590219bf1ba1c17f25a1f3'],
] as const) {
  test(`${cell}: packed once or in each step, it has the bits that it had`, async () => {
    for (const packed of [false, true]) {
      const instance = await createInstance('strict', 64);
      const results = seeds.flatMap((seed) => recur(instance, cell, seed, packed));
      assert.is(await hash(results), expected, packed ? 'packed' : 'not packed');
    }
  });
}

test.run();
