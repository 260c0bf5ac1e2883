/** The convolutions keep to their buffers: nothing is written behind results or workspace of the planned size. */
import { test } from 'uvu';
import * as workspace from '../../src/ops/workspace.js';
import { createDraw, numbers } from '../support/numbers.js';
import { assertGuarded, availableNumerics, createInstance } from './instance.js';

const draw = createDraw(99);

/** Shapes around the kernels' tiles and, now and then, around their blocks of 256 and 1024. */
function drawShape() {
  const [kh, kw, sh, sw] = [draw(1, 5), draw(1, 5), draw(1, 4), draw(1, 3)];
  const [ph, pw] = [draw(0, 3), draw(0, 3)];
  const [H, W] = [kh + draw(0, 12), kw + draw(0, 40)];
  const C = draw(0, 9) === 0 ? draw(10, 40) : draw(1, 6);
  const O = draw(0, 9) === 0 ? draw(120, 270) : draw(1, 20);
  const P = Math.floor((H + 2 * ph - kh) / sh) + 1;
  const Q = Math.floor((W + 2 * pw - kw) / sw) + 1;
  return { N: draw(1, 2), C, H, W, O, kh, kw, sh, sw, ph, pw, P, Q };
}

for (const numerics of availableNumerics) {
  test(`200 random shapes (${numerics}): guards behind every buffer stay as they were`, async () => {
    for (let i = 0; i < 200; i++) {
      const s = drawShape();
      const what = JSON.stringify(s);
      const instance = await createInstance(numerics, 24);
      const { kernels, put } = instance;
      const leading = [
        s.N,
        s.C,
        s.H,
        s.W,
        s.O,
        s.kh,
        s.kw,
        s.sh,
        s.sw,
        s.ph,
        s.pw,
        s.P,
        s.Q,
      ] as const;
      const [inputs, taps, outputs] = [
        s.N * s.C * s.H * s.W,
        s.C * s.kh * s.kw,
        s.N * s.O * s.P * s.Q,
      ];
      const x = put(numbers(inputs, i));
      const w = put(numbers(s.O * taps, i + 1));
      const b = put(numbers(s.O, i + 2));
      const dy = put(numbers(outputs, i + 3));
      assertGuarded(instance, what, outputs, workspace.conv2dWorkspace(s), (y, scratch) =>
        kernels.conv2d(...leading, x, w, b, y, 3, scratch),
      );
      assertGuarded(
        instance,
        what,
        s.O * taps,
        workspace.conv2dWeightGradientWorkspace(s),
        (dw, scratch) => kernels.conv2dWeightGradient(...leading, x, dy, dw, scratch),
      );
      assertGuarded(
        instance,
        what,
        inputs,
        workspace.conv2dInputGradientWorkspace(s),
        (dx, scratch) => kernels.conv2dInputGradient(...leading, w, dy, dx, scratch),
      );
    }
  });
}

test.run();
