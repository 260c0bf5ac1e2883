/**
 * The convolutions against their definitions in double precision, values and gradients, over random
 * configurations: extents of 1, vector tails, strides beyond the kernel, groups of one channel.
 */
// slow: random shapes against a definition in doubles
import { test } from 'uvu';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import type { Pair } from '../../src/ops/conv2d-extents.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/conv.js';
import { checkOp } from '../support/check-op.js';
import { assertClose } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';

const modes = ['zeros', 'zeros', 'zeros', 'replicate', 'reflect'] as const;

/** A convolution with every setting at random; `depthwise` half of the time where there are groups. */
function drawConvolution(draw: (low: number, high: number) => number, largest: number) {
  const groups = draw(0, 2) ? draw(2, 4) : 1;
  const each = draw(0, 1) ? 1 : draw(1, 3);
  const [kh, kw] = [draw(1, 4), draw(1, 4)];
  const dilation: Pair = draw(0, 1) ? [1, 1] : [draw(1, 3), draw(1, 3)];
  const stride: Pair = [draw(1, 5), draw(1, 3)];
  const mode = modes[draw(0, 4)]!;
  const padding: Pair = [draw(0, 2), draw(0, 2)];
  const least = (kernel: number, axis: 0 | 1) => {
    const spanned = dilation[axis] * (kernel - 1) + 1 - 2 * padding[axis];
    return Math.max(spanned, mode === 'reflect' ? padding[axis] + 1 : 1);
  };
  const x = [draw(1, 2), groups * each, least(kh, 0) + draw(0, 4), least(kw, 1) + draw(0, largest)];
  const w = [groups * draw(1, 2), each, kh, kw];
  return { x, w, stride, padding, dilation, groups, mode };
}

type Drawn = ReturnType<typeof drawConvolution>;

const definitionOf = ({ padding: [ph, pw], ...rest }: Drawn): reference.Convolution => ({
  ...rest,
  sides: [pw, pw, ph, ph],
});

for (const numerics of availableNumerics) {
  test(`conv2d (${numerics}): 240 random configurations, by central differences`, async () => {
    const draw = createDraw(4_711);
    for (let i = 0; i < 240; i++) {
      const drawn = drawConvolution(draw, 6);
      const definition = definitionOf(drawn);
      await checkOp({
        what: `${i}: ${JSON.stringify(drawn)}`,
        shapes: [drawn.x, drawn.w, [drawn.w[0]!]],
        seed: 900 + i,
        numerics,
        op: (x, w, b) => ops.conv2d(x!, w!, b!, { ...drawn, paddingMode: drawn.mode }),
        definition: (x, w, b) => reference.conv2d(definition, x!, w!, b!),
      });
    }
  });

  test(`conv2d (${numerics}): 60 wider ones, gradients by the definition’s products`, async () => {
    const draw = createDraw(815);
    for (let i = 0; i < 60; i++) {
      const drawn = drawConvolution(draw, 40);
      const definition = definitionOf(drawn);
      const [x, w] = [input('x', drawn.x), input('w', drawn.w)];
      const values = [numbers(sizeOf(x.shape), i), numbers(sizeOf(w.shape), i + 1)] as const;
      const y = ops.conv2d(x, w, null, { ...drawn, paddingMode: drawn.mode });
      const target = numbers(sizeOf(y.shape), i + 2);
      const feeds = new Map([
        [x, values[0]],
        [w, values[1]],
      ]);
      const { value, found } = await valueAndGradients(y, [x, w], feeds, target, numerics);
      const what = `${i}: ${JSON.stringify(drawn)}`;
      const expected = reference.conv2d(definition, ...values);
      assertClose(value, expected, 2e-5, what);
      const dx = new Float64Array(values[0].length);
      const dw = new Float64Array(values[1].length);
      reference.eachProduct(definition, (to, tap, from) => {
        const dy = 2 * (expected[to]! - target[to]!);
        dx[from]! += values[1][tap]! * dy;
        dw[tap]! += values[0][from]! * dy;
      });
      assertClose(found[0]!, dx, 1e-4, `${what}: gradient by x`);
      assertClose(found[1]!, dw, 1e-4, `${what}: gradient by w`);
    }
  });

  test(`conv2d (${numerics}) with 'same' gives ⌈extent/stride⌉ outputs, more behind than before`, async () => {
    const draw = createDraw(33);
    for (let i = 0; i < 24; i++) {
      const x = [1, 2, draw(1, 9), draw(1, 9)];
      const w = [2, 2, draw(1, 4), draw(1, 4)];
      const [stride, dilation]: Pair[] = [
        [draw(1, 3), draw(1, 3)],
        [draw(1, 2), draw(1, 2)],
      ];
      const before: number[] = [];
      const behind: number[] = [];
      for (const axis of [0, 1] as const) {
        const outputs = Math.ceil(x[axis + 2]! / stride![axis]);
        const span = dilation![axis] * (w[axis + 2]! - 1) + 1;
        const all = Math.max(0, (outputs - 1) * stride![axis] + span - x[axis + 2]!);
        before.push(all >> 1);
        behind.push(all - (all >> 1));
      }
      const sides = [before[1]!, behind[1]!, before[0]!, behind[0]!] as const;
      const settings = { stride: stride!, dilation: dilation!, groups: 1 };
      await checkOp({
        what: `${i}: ${JSON.stringify({ x, w, ...settings, sides })}`,
        shapes: [x, w],
        seed: 70 + i,
        numerics,
        op: (x, w) => ops.conv2d(x!, w!, null, { ...settings, padding: 'same' }),
        definition: (a, b) => reference.conv2d({ x, w, ...settings, sides, mode: 'zeros' }, a!, b!),
      });
    }
  });

  test(`convTranspose2d (${numerics}): 60 random configurations`, async () => {
    const draw = createDraw(2_010);
    for (let i = 0; i < 60; i++) {
      const { w, stride, dilation, groups } = drawConvolution(draw, 6);
      const [N, P, Q] = [draw(1, 2), draw(1, 4), draw(1, 6)];
      const outputPadding: Pair = [draw(0, stride[0] - 1), draw(0, stride[1] - 1)];
      const full = [P, Q].map((places, axis) => {
        const span = dilation[axis]! * (w[axis + 2]! - 1) + 1;
        return (places - 1) * stride[axis]! + span + outputPadding[axis]!;
      });
      const [ph, pw] = full.map((extent) => draw(0, Math.min(2, (extent - 1) >> 1)));
      const y = [N, w[1]! * groups, full[0]! - 2 * ph!, full[1]! - 2 * pw!];
      const settings = { stride, padding: [ph!, pw!] as Pair, dilation, groups };
      const backwards: reference.Convolution = {
        x: y,
        w,
        stride,
        dilation,
        groups,
        mode: 'zeros',
        sides: [pw!, pw!, ph!, ph!],
      };
      await checkOp({
        what: `${i}: ${JSON.stringify({ y, w, outputPadding, ...settings })}`,
        shapes: [[N, w[0]!, P, Q], w, [y[1]!]],
        seed: 400 + i,
        numerics,
        op: (x, w, b) => ops.convTranspose2d(x!, w!, b!, { ...settings, outputPadding }),
        definition: (x, w, b) => reference.convTranspose2d(backwards, x!, w!, b!),
      });
    }
  });

  test(`conv1d (${numerics}) is conv2d of one row`, async () => {
    for (const [length, kernel, stride, padding, dilation, groups] of [
      [1, 1, 1, 0, 1, 1],
      [23, 5, 2, 2, 1, 1],
      [16, 3, 1, 1, 3, 2],
      [9, 2, 4, 0, 1, 4],
    ] as const) {
      const settings = { stride, padding, dilation, groups };
      const definition: reference.Convolution = {
        x: [2, 4, 1, length],
        w: [4, 4 / groups, 1, kernel],
        groups,
        mode: 'zeros',
        stride: [1, stride],
        dilation: [1, dilation],
        sides: [padding, padding, 0, 0],
      };
      await checkOp({
        what: JSON.stringify({ length, kernel, ...settings }),
        shapes: [[2, 4, length], [4, 4 / groups, kernel], [4]],
        seed: length,
        numerics,
        op: (x, w, b) => ops.conv1d(x!, w!, b!, settings),
        definition: (x, w, b) => reference.conv2d(definition, x!, w!, b!),
      });
    }
  });

  test(`pad2d (${numerics}): every mode and uneven sides`, async () => {
    const draw = createDraw(5);
    for (let i = 0; i < 30; i++) {
      const mode = modes[2 + (i % 3)]!;
      const shape = [draw(1, 2), draw(1, 3), draw(1, 5), draw(1, 9)];
      const widest = (extent: number) => (mode === 'reflect' ? Math.min(3, extent - 1) : 3);
      const [rows, columns] = [widest(shape[2]!), widest(shape[3]!)];
      const sides = [draw(0, columns), draw(0, columns), draw(0, rows), draw(0, rows)] as const;
      await checkOp({
        what: `${shape.join('×')} ${mode} ${sides.join()}`,
        shapes: [shape],
        seed: i,
        numerics,
        op: (x) => ops.pad2d(x!, sides, { mode, value: 2.5 }),
        definition: (x) => reference.pad2d(shape, sides, mode, 2.5, x!),
      });
    }
  });

  test(`locallyConnected2d (${numerics}): 40 random configurations`, async () => {
    const draw = createDraw(77);
    for (let i = 0; i < 40; i++) {
      const [kernel, stride]: Pair[] = [
        [draw(1, 3), draw(1, 3)],
        [draw(1, 4), draw(1, 3)],
      ];
      const [N, C, O] = [draw(1, 6), draw(1, 2), draw(1, 7)];
      const [H, W] = [kernel![0] + draw(0, 3), kernel![1] + draw(0, 3)];
      const P = Math.floor((H - kernel![0]) / stride![0]) + 1;
      const Q = Math.floor((W - kernel![1]) / stride![1]) + 1;
      const image = [N, C, H, W] as const;
      await checkOp({
        what: `${i}: ${image.join('×')}, ${O} of ${kernel!.join('×')}, stride ${stride!.join('×')}`,
        shapes: [image, [P, Q, C * kernel![0] * kernel![1], O], [O, P, Q]],
        seed: 50 + i,
        numerics,
        op: (x, w, b) => ops.locallyConnected2d(x!, w!, b!, { kernel: kernel!, stride: stride! }),
        definition: (x, w, b) =>
          reference.locallyConnected2d(image, O, kernel!, stride!, x!, w!, b!),
      });
    }
  });

  test(`the gradients of conv2d (${numerics}) have gradients, with groups and without`, async () => {
    const base = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], mode: 'zeros' } as const;
    for (const [groups, each, filters] of [
      [1, 2, 3],
      [2, 2, 4],
      [3, 1, 6],
    ] as const) {
      const drawn = { ...base, groups, x: [2, groups * each, 5, 6], w: [filters, each, 3, 2] };
      const definition = definitionOf(drawn);
      const y = reference.outputShape(definition);
      const gradient = (x: Tensor, w: Tensor, dy: Tensor, by: Tensor) =>
        gradients(ops.weightedSum(ops.multiply(ops.conv2d(x, w, null, drawn), dy), 1), [by])[0]!;
      const what = `groups ${groups}: gradient of the gradient by`;
      await checkOp({
        what: `${what} x`,
        shapes: [drawn.w, y],
        seed: 11,
        numerics,
        op(w, dy) {
          const x = input('x', drawn.x);
          return gradient(x, w!, dy!, x);
        },
        definition(w, dy) {
          const dx = new Float64Array(sizeOf(drawn.x));
          reference.eachProduct(definition, (at, k, i) => (dx[i]! += w![k]! * dy![at]!));
          return dx;
        },
      });
      await checkOp({
        what: `${what} w`,
        shapes: [drawn.x, y],
        seed: 12,
        numerics,
        op(x, dy) {
          const w = input('w', drawn.w);
          return gradient(x!, w, dy!, w);
        },
        definition(x, dy) {
          const dw = new Float64Array(sizeOf(drawn.w));
          reference.eachProduct(definition, (at, k, i) => (dw[k]! += x![i]! * dy![at]!));
          return dw;
        },
      });
    }
  });

  test(`expandConnections (${numerics}) puts each filter in its place, and its gradient back`, async () => {
    const tables = [[[0]], [[1, 0], [2]], [[2], [0, 1, 2], [0, 2]]];
    for (const table of tables) {
      for (const kernel of [
        [1, 1],
        [3, 2],
      ]) {
        const area = sizeOf(kernel);
        const shape: Shape = [table.flat().length, ...kernel];
        await checkOp({
          what: `${JSON.stringify(table)} of ${kernel.join('×')}`,
          shapes: [shape],
          seed: 3,
          numerics,
          op: (w) => ops.expandConnections(w!, { inputs: 3, table }),
          definition: (w) => {
            const dense = new Float64Array(table.length * 3 * area);
            const places = table.flatMap((maps, o) => maps.map((c) => o * 3 + c));
            places.forEach((place, i) =>
              dense.set(w!.subarray(i * area, (i + 1) * area), place * area),
            );
            return dense;
          },
        });
      }
    }
  });
}

test.run();
