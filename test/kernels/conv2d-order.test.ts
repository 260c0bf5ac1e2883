/**
 * Direct convolutions, forward and both gradients, are sums in one order, whatever their images' size and number: bit by
 * bit the plain loops' in strict numerics, and close to the loops in doubles in fused. The shapes are those whose samples
 * share a product, whose k runs over several samples, and whose taps are mostly outside the image.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as workspace from '../../src/ops/workspace.js';
import { assertClose } from '../support/golden.js';
import { createDraw, numbers } from '../support/numbers.js';
import { assertGuarded, availableNumerics, createInstance, type Instance } from './instance.js';

type Round = (value: number) => number;

function drawShape(draw: (low: number, high: number) => number) {
  const groups = draw(0, 3) ? 1 : draw(2, 3);
  const [kh, kw] = draw(0, 2) ? [3, 3] : [draw(1, 5), draw(1, 5)];
  const [dilationH, dilationW] = draw(0, 4) ? [1, 1] : [draw(1, 2), draw(1, 3)];
  const [spanH, spanW] = [dilationH * (kh - 1) + 1, dilationW * (kw - 1) + 1];
  const [ph, pw] = draw(0, 2) ? [spanH >> 1, spanW >> 1] : [draw(0, 2), draw(0, 3)];
  const [sh, sw] = draw(0, 2) ? [1, 1] : [draw(1, 3), draw(1, 3)];
  const H = Math.max(draw(1, 7), spanH - 2 * ph);
  const W = Math.max(draw(0, 2) ? H : draw(1, 12), spanW - 2 * pw);
  // Few channels, stride 1 and rows of 4 have sums in each lane, in another order: not here.
  const C = groups * (draw(0, 5) ? draw(5, 9) : draw(30, 70));
  const O = groups * (draw(0, 5) ? draw(1, 9) : draw(30, 90));
  const N = draw(0, 2) ? draw(1, 9) : draw(14, 40);
  const P = Math.floor((H + 2 * ph - spanH) / sh) + 1;
  const Q = Math.floor((W + 2 * pw - spanW) / sw) + 1;
  return { N, C, H, W, O, kh, kw, sh, sw, ph, pw, dilationH, dilationW, P, Q, groups };
}

type Drawn = ReturnType<typeof drawShape>;
type Visit = (x: number, tap: number, y: number) => void;

/** Calls back with each product's places in x (−1: a zero of the border), w and y, taps innermost, c, i, j. */
function eachProduct(s: Drawn, visit: Visit): void {
  const [inputs, outputs] = [s.C / s.groups, s.O / s.groups];
  let y = 0;
  for (let n = 0; n < s.N; n++)
    for (let o = 0; o < s.O; o++)
      for (let p = 0; p < s.P; p++)
        for (let q = 0; q < s.Q; q++, y++) {
          let tap = o * inputs * s.kh * s.kw;
          for (let c = 0; c < inputs; c++) {
            const plane = (n * s.C + Math.floor(o / outputs) * inputs + c) * s.H;
            for (let i = 0; i < s.kh; i++)
              for (let j = 0; j < s.kw; j++, tap++) {
                const h = p * s.sh + i * s.dilationH - s.ph;
                const v = q * s.sw + j * s.dilationW - s.pw;
                const inside = h >= 0 && h < s.H && v >= 0 && v < s.W;
                visit(inside ? (plane + h) * s.W + v : -1, tap, y);
              }
          }
        }
}

/** y, dw and dx in the kernels' order, rounded by `round` after every product and sum. */
function loops(s: Drawn, x: Float32Array, w: Float32Array, dy: Float32Array, round: Round) {
  const [y, dw, dx] = [dy, w, x].map(({ length }) => new Float64Array(length));
  eachProduct(s, (from, tap, to) => {
    const value = from < 0 ? 0 : x[from]!;
    y![to] = round(y![to]! + round(w[tap]! * value));
    // Pixels come in the order n, p, q for each tap.
    dw![tap] = round(dw![tap]! + round(dy[to]! * value));
  });
  // A column's element is a sum over the filters of one group; elements are added up in the order of taps.
  const columns = new Map<number, Float64Array>();
  const taps = s.kh * s.kw;
  eachProduct(s, (from, tap, to) => {
    if (from < 0) return;
    const sums = columns.get(from) ?? new Float64Array(taps);
    columns.set(from, sums);
    sums[tap % taps] = round(sums[tap % taps]! + round(w[tap]! * dy[to]!));
  });
  for (const [at, sums] of columns) dx![at] = sums.reduce((sum, value) => round(sum + value), 0);
  return [y!, dw!, dx!] as const;
}

function results(instance: Instance, s: Drawn, x: number, w: number, dy: number) {
  const { kernels, read } = instance;
  const own = { ...s, C: s.C / s.groups, O: s.O / s.groups };
  const dense = s.groups === 1 && s.dilationH === 1 && s.dilationW === 1;
  const sizes = [s.N, s.C, s.H, s.W, s.O, s.kh, s.kw, s.sh, s.sw, s.ph, s.pw] as const;
  const leading = [...sizes, s.P, s.Q] as const;
  const grouped = [s.groups, ...sizes, s.dilationH, s.dilationW, s.P, s.Q] as const;
  const what = JSON.stringify(s);
  const run = (count: number, bytes: number, kernel: (to: number, scratch: number) => void) => {
    let found: Float32Array = new Float32Array();
    assertGuarded(instance, what, count, bytes, (to, scratch) => {
      kernel(to, scratch);
      found = read(to, count);
    });
    return found;
  };
  const y = run(s.N * s.O * s.P * s.Q, workspace.conv2dWorkspace(own), (to, scratch) => {
    if (dense) kernels.conv2d(...leading, x, w, 0, to, 0, scratch);
    else kernels.conv2dGrouped(...grouped, x, w, 0, to, 0, scratch);
  });
  const taps = s.O * own.C * s.kh * s.kw;
  const dw = run(taps, workspace.conv2dWeightGradientWorkspace(own), (to, scratch) => {
    if (dense) kernels.conv2dWeightGradient(...leading, x, dy, to, scratch);
    else kernels.conv2dGroupedWeightGradient(...grouped, x, dy, to, scratch);
  });
  const inputs = s.N * s.C * s.H * s.W;
  const dx = run(inputs, workspace.conv2dInputGradientWorkspace(own), (to, scratch) => {
    if (dense) kernels.conv2dInputGradient(...leading, w, dy, to, scratch);
    else kernels.conv2dGroupedInputGradient(...grouped, w, dy, to, scratch);
  });
  return [y, dw, dx] as const;
}

for (const numerics of availableNumerics) {
  test(`60 shapes of small planes (${numerics}): the plain loops’ sums`, async () => {
    const draw = createDraw(2_024);
    for (let i = 0; i < 60; i++) {
      const s = drawShape(draw);
      const instance = await createInstance(numerics, 64);
      const x = numbers(s.N * s.C * s.H * s.W, i);
      const w = numbers((s.O * s.C * s.kh * s.kw) / s.groups, i + 1);
      const dy = numbers(s.N * s.O * s.P * s.Q, i + 2);
      const [xAt, wAt, dyAt] = [x, w, dy].map((values) => instance.put(values));
      const found = results(instance, s, xAt!, wAt!, dyAt!);
      const round: Round = numerics === 'strict' ? Math.fround : (value) => value;
      loops(s, x, w, dy, round).forEach((expected, k) => {
        const what = `${'y dw dx'.split(' ')[k]} of ${JSON.stringify(s)}`;
        if (numerics === 'fused') assertClose(found[k]!, expected, 1e-4, what);
        else {
          const bits = new Int32Array(Float32Array.from(expected).buffer);
          const same = new Int32Array(found[k]!.buffer).every((value, j) => value === bits[j]);
          assert.ok(same, what);
        }
      });
    }
  });
}

test.run();
