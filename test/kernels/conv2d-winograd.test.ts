/** Winograd's kernels keep to their buffers, and give a sample the same result in any batch. */
// slow: many shapes, each against doubles
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as workspace from '../../src/ops/workspace.js';
import { createDraw, numbers } from '../support/numbers.js';
import { assertGuarded, availableNumerics, createInstance } from './instance.js';

const draw = createDraw(7);

/** Extents of a filter and of a tile of outputs. */
const kinds = [
  [3, 4],
  [5, 2],
  [3, 2],
] as const;

/** Shapes around the tiles and the blocks of up to 128 tiles; now and then many channels. C and O are those of a group. */
function drawShape([k, tile]: readonly [number, number]) {
  const planes = k + tile === 5;
  const [ph, pw] = planes ? [1, 1] : [draw(0, k - 1), draw(0, k - 1)];
  const [P, Q] = planes ? [2, 2] : [draw(1, 24), draw(1, 24)];
  const [C, O] = [4 * draw(1, draw(0, 5) === 0 ? 70 : 6), 4 * draw(1, draw(0, 5) === 0 ? 40 : 6)];
  const [H, W] = [Math.max(1, P + k - 1 - 2 * ph), Math.max(1, Q + k - 1 - 2 * pw)];
  const size = { P: H + 2 * ph - k + 1, Q: W + 2 * pw - k + 1 };
  return { N: draw(1, planes ? 150 : 6), C, H, W, O, kh: k, kw: k, ph, pw, tile, ...size };
}

for (const numerics of availableNumerics) {
  test(`200 random shapes (${numerics}): guards behind every buffer stay as they were`, async () => {
    for (let i = 0; i < 200; i++) {
      const s = drawShape(kinds[i % 3]!);
      const groups = s.C * s.O < 400 ? draw(1, 3) : 1;
      const what = JSON.stringify({ ...s, groups });
      const instance = await createInstance(numerics, 40);
      const { kernels, put } = instance;
      const [C, O, weights] = [s.C * groups, s.O * groups, s.O * s.C * groups * s.kh ** 2];
      const leading = [s.N, C, s.H, s.W, O, s.ph, s.pw, s.P, s.Q] as const;
      const trailing = [groups, s.kh, s.tile] as const;
      const [inputs, outputs] = [s.N * C * s.H * s.W, s.N * O * s.P * s.Q];
      const x = put(numbers(inputs, i));
      const w = put(numbers(weights, i + 1));
      const b = put(numbers(O, i + 2));
      const dy = put(numbers(outputs, i + 3));
      for (const flipped of [0, 1]) {
        assertGuarded(instance, what, outputs, workspace.winogradWorkspace(s), (y, scratch) =>
          kernels.conv2dWinograd(...leading, flipped, x, w, b, y, draw(0, 3), scratch, ...trailing),
        );
      }
      assertGuarded(
        instance,
        what,
        weights,
        workspace.winogradWeightGradientWorkspace(s),
        (dw, scratch) =>
          kernels.conv2dWinogradWeightGradient(...leading, x, dy, dw, scratch, ...trailing),
      );
    }
  });
}

test('a sample’s result has the same bits alone and in a batch', async () => {
  for (const [k, tile] of kinds) {
    const planes = k + tile === 5;
    const [P, Q] = planes ? [2, 2] : [9, 6];
    const [N, C, O, groups] = [planes ? 139 : 7, 8, 12, 2];
    const pad = (k - 1) / 2;
    const s = { N, C, H: P, W: Q, O, kh: k, kw: k, ph: pad, pw: pad, P, Q, tile };
    const { kernels, put, reserve, read } = await createInstance('strict');
    const [image, result] = [groups * C * P * Q, groups * O * P * Q];
    const x = put(numbers(N * image, 1));
    const w = put(numbers(groups * O * C * k * k, 2));
    const y = reserve(N * result);
    const one = reserve(result);
    const scratch = reserve(workspace.winogradWorkspace(s) / 4);
    const rest = [groups * C, P, Q, groups * O, pad, pad, P, Q, 0] as const;
    const trailing = [scratch, groups, k, tile] as const;
    kernels.conv2dWinograd(N, ...rest, x, w, 0, y, 0, ...trailing);
    for (let n = 0; n < N; n++) {
      kernels.conv2dWinograd(1, ...rest, x + n * image * 4, w, 0, one, 0, ...trailing);
      const what = `${k}×${k} in ${tile}×${tile}: sample ${n}`;
      assert.equal(read(one, result), read(y + n * result * 4, result), what);
    }
  }
});

test.run();
