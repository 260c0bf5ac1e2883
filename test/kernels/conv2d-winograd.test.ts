/** Winograd's kernels keep to their buffers, and give a sample the same result in any batch. */
// slow: many shapes, each against doubles
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as workspace from '../../src/ops/workspace.js';
import { createDraw, numbers } from '../support/numbers.js';
import { assertGuarded, availableNumerics, createInstance } from './instance.js';

const draw = createDraw(7);

/** Shapes around the tiles of 4×4 and the blocks of 16 to 64 tiles; now and then many channels. */
function drawShape() {
  const [ph, pw] = [draw(0, 2), draw(0, 2)];
  const [P, Q] = [draw(1, 24), draw(1, 24)];
  const [C, O] = [4 * draw(1, draw(0, 5) === 0 ? 70 : 6), 4 * draw(1, draw(0, 5) === 0 ? 40 : 6)];
  const [H, W] = [Math.max(1, P + 2 - 2 * ph), Math.max(1, Q + 2 - 2 * pw)];
  const size = { P: H + 2 * ph - 2, Q: W + 2 * pw - 2 };
  return { N: draw(1, 6), C, H, W, O, kh: 3, kw: 3, ph, pw, ...size };
}

for (const numerics of availableNumerics) {
  test(`200 random shapes (${numerics}): guards behind every buffer stay as they were`, async () => {
    for (let i = 0; i < 200; i++) {
      const s = drawShape();
      const what = JSON.stringify(s);
      const instance = await createInstance(numerics, 40);
      const { kernels, put } = instance;
      const leading = [s.N, s.C, s.H, s.W, s.O, s.ph, s.pw, s.P, s.Q] as const;
      const [inputs, outputs] = [s.N * s.C * s.H * s.W, s.N * s.O * s.P * s.Q];
      const x = put(numbers(inputs, i));
      const w = put(numbers(s.O * s.C * 9, i + 1));
      const b = put(numbers(s.O, i + 2));
      const dy = put(numbers(outputs, i + 3));
      for (const flipped of [0, 1]) {
        assertGuarded(instance, what, outputs, workspace.winogradWorkspace(s), (y, scratch) =>
          kernels.conv2dWinograd(...leading, flipped, x, w, b, y, draw(0, 3), scratch),
        );
      }
      assertGuarded(
        instance,
        what,
        s.O * s.C * 9,
        workspace.winogradWeightGradientWorkspace(s),
        (dw, scratch) => kernels.conv2dWinogradWeightGradient(...leading, x, dy, dw, scratch),
      );
    }
  });
}

test('a sample’s result has the same bits alone and in a batch', async () => {
  const s = { N: 7, C: 8, H: 9, W: 6, O: 12, kh: 3, kw: 3, ph: 1, pw: 1, P: 9, Q: 6 };
  const { kernels, put, reserve, read } = await createInstance('strict');
  const [image, result] = [s.C * s.H * s.W, s.O * s.P * s.Q];
  const x = put(numbers(s.N * image, 1));
  const w = put(numbers(s.O * s.C * 9, 2));
  const y = reserve(s.N * result);
  const one = reserve(result);
  const scratch = reserve(workspace.winogradWorkspace(s) / 4);
  const rest = [s.C, s.H, s.W, s.O, s.ph, s.pw, s.P, s.Q, 0] as const;
  kernels.conv2dWinograd(s.N, ...rest, x, w, 0, y, 0, scratch);
  for (let n = 0; n < s.N; n++) {
    kernels.conv2dWinograd(1, ...rest, x + n * image * 4, w, 0, one, 0, scratch);
    assert.equal(read(one, result), read(y + n * result * 4, result), `sample ${n}`);
  }
});

test.run();
