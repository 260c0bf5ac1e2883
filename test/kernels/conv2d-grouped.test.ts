/** Convolutions of groups keep to their buffers, and so do those of single channels and of unshared weights. */
import { test } from 'uvu';
import * as workspace from '../../src/ops/workspace.js';
import { createDraw, numbers } from '../support/numbers.js';
import { assertGuarded, availableNumerics, createInstance } from './instance.js';

const draw = createDraw(101);

function drawShape(depthwise: boolean) {
  const [kh, kw, sh, sw] = [draw(1, 5), draw(1, 5), draw(1, 4), draw(1, 4)];
  const [dilationH, dilationW] = [draw(1, 3), draw(1, 3)];
  const [ph, pw] = [draw(0, 3), draw(0, 3)];
  const [spanH, spanW] = [dilationH * (kh - 1) + 1, dilationW * (kw - 1) + 1];
  const [H, W] = [spanH + draw(0, 9), spanW + draw(0, 24)];
  const groups = draw(1, 4);
  const each = depthwise ? 1 : draw(1, 6);
  const [C, O] = [groups * each, groups * draw(1, 5)];
  const P = Math.floor((H + 2 * ph - spanH) / sh) + 1;
  const Q = Math.floor((W + 2 * pw - spanW) / sw) + 1;
  return { N: draw(1, 2), C, H, W, O, kh, kw, sh, sw, ph, pw, dilationH, dilationW, P, Q, groups };
}

for (const numerics of availableNumerics) {
  for (const depthwise of [false, true]) {
    const kind = depthwise ? 'depthwise' : 'grouped';
    test(`120 random ${kind} shapes (${numerics}): guards behind every buffer stay`, async () => {
      for (let i = 0; i < 120; i++) {
        const { groups, ...s } = drawShape(depthwise);
        const what = JSON.stringify({ groups, ...s });
        const instance = await createInstance(numerics);
        const { kernels, put } = instance;
        const sizes = [s.N, s.C, s.H, s.W, s.O, s.kh, s.kw, s.sh, s.sw, s.ph, s.pw] as const;
        const leading = [...sizes, s.dilationH, s.dilationW, s.P, s.Q] as const;
        const taps = (s.O * s.C * s.kh * s.kw) / groups;
        const [inputs, outputs] = [s.N * s.C * s.H * s.W, s.N * s.O * s.P * s.Q];
        const [x, w, b, dy] = [inputs, taps, s.O, outputs].map((n, j) => put(numbers(n, i + j)));
        const operands = [x!, w!, b!] as const;
        const own = { ...s, C: s.C / groups, O: s.O / groups };
        const bytes = depthwise
          ? [
              workspace.depthwiseWorkspace(s),
              workspace.depthwiseWeightGradientWorkspace(s),
              workspace.depthwiseInputGradientWorkspace(s),
            ]
          : [
              workspace.conv2dWorkspace(own),
              workspace.conv2dWeightGradientWorkspace(own),
              workspace.conv2dInputGradientWorkspace(own),
            ];
        assertGuarded(instance, what, outputs, bytes[0]!, (y, scratch) =>
          depthwise
            ? kernels.conv2dDepthwise(...leading, ...operands, y, 3, scratch)
            : kernels.conv2dGrouped(groups, ...leading, ...operands, y, 3, scratch),
        );
        assertGuarded(instance, what, taps, bytes[1]!, (dw, scratch) =>
          depthwise
            ? kernels.conv2dDepthwiseWeightGradient(...leading, x!, dy!, dw, scratch)
            : kernels.conv2dGroupedWeightGradient(groups, ...leading, x!, dy!, dw, scratch),
        );
        assertGuarded(instance, what, inputs, bytes[2]!, (dx, scratch) =>
          depthwise
            ? kernels.conv2dDepthwiseInputGradient(...leading, w!, dy!, dx, scratch)
            : kernels.conv2dGroupedInputGradient(groups, ...leading, w!, dy!, dx, scratch),
        );
      }
    });
  }

  test(`unshared weights (${numerics}): guards behind every buffer stay`, async () => {
    for (let i = 0; i < 60; i++) {
      const [kh, kw, sh, sw] = [draw(1, 4), draw(1, 4), draw(1, 3), draw(1, 3)];
      const [N, C, O] = [draw(1, 9), draw(1, 3), draw(1, 9)];
      const [H, W] = [kh + draw(0, 5), kw + draw(0, 5)];
      const [P, Q] = [Math.floor((H - kh) / sh) + 1, Math.floor((W - kw) / sw) + 1];
      const K = C * kh * kw;
      const leading = [N, C, H, W, O, kh, kw, sh, sw, P, Q] as const;
      const what = leading.join();
      const instance = await createInstance(numerics);
      const { kernels, put } = instance;
      const [inputs, weights, outputs] = [N * C * H * W, P * Q * K * O, N * O * P * Q];
      const counts = [inputs, weights, O * P * Q, outputs];
      const [x, w, b, dy] = counts.map((n, j) => put(numbers(n, i + j)));
      const bytes = workspace.locallyConnectedWorkspace(N, K, O);
      assertGuarded(instance, what, outputs, bytes, (y, scratch) =>
        kernels.locallyConnected2d(...leading, x!, w!, b!, y, scratch),
      );
      assertGuarded(instance, what, weights, bytes, (dw, scratch) =>
        kernels.locallyConnected2dWeightGradient(...leading, x!, dy!, dw, scratch),
      );
      assertGuarded(instance, what, inputs, bytes, (dx, scratch) =>
        kernels.locallyConnected2dInputGradient(...leading, w!, dy!, dx, scratch),
      );
    }
  });
}

test.run();
