/**
 * Layer, group, instance, batch and local response normalisation and trainable subsampling: random
 * configurations against the definition, and PyTorch's values. Gradients by x are differences of nearly equal
 * numbers where few values share a variance, hence their tolerance.
 */
// slow: random shapes against a definition in doubles
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { localResponseNorm, normalise } from '../reference/norm.js';
import { pool } from '../reference/pooling.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

/** Powers with a path of their own, and others. */
const betas = [0.75, 0.5, 1, 0.6, 2];

for (const numerics of availableNumerics) {
  test(`200 random layer normalisations (${numerics}), values and gradients`, async () => {
    const draw = createDraw(101);
    for (let i = 0; i < 200; i++) {
      const shape = [...Array.from({ length: draw(0, 2) }, () => draw(1, 7)), draw(2, 9)];
      const axes = draw(1, shape.length);
      const last = shape.slice(-axes);
      const n = sizeOf(last);
      const affine = draw(0, 3) > 0;
      const epsilon = [0.5, 0.01, 1e-3][draw(0, 2)]!;
      await checkOp({
        what: `layerNorm ${JSON.stringify({ shape, axes, affine, epsilon })}`,
        shapes: affine ? [shape, last, last] : [shape],
        seed: 500 + i,
        numerics,
        op: (x, w, b) => ops.layerNorm(x!, last, w ?? null, b ?? null, epsilon),
        definition: (x, w, b) =>
          normalise(
            x!,
            w,
            b,
            (at) => Math.floor(at / n),
            (at) => at % n,
            epsilon,
          ),
        tolerance: 2e-5,
        gradientTolerance: 1e-3,
      });
    }
  });

  test(`200 random group normalisations (${numerics}), values and gradients`, async () => {
    const draw = createDraw(102);
    for (let i = 0; i < 200; i++) {
      const area = Array.from({ length: draw(0, 2) }, () => draw(1, 5));
      const [groups, own] = [draw(1, 3), draw(sizeOf(area) > 1 ? 1 : 2, 3)];
      const shape = [draw(1, 3), groups * own, ...area];
      const [C, values] = [groups * own, sizeOf(area)];
      const affine = draw(0, 3) > 0;
      const epsilon = [0.5, 0.01, 1e-3][draw(0, 2)]!;
      const instance = own === 1 && values > 1 && draw(0, 1) === 1;
      await checkOp({
        what: `groupNorm ${JSON.stringify({ shape, groups, affine, instance, epsilon })}`,
        shapes: affine ? [shape, [C], [C]] : [shape],
        seed: 800 + i,
        numerics,
        op: (x, w, b) =>
          instance
            ? ops.instanceNorm(x!, w ?? null, b ?? null, epsilon)
            : ops.groupNorm(x!, groups, w ?? null, b ?? null, epsilon),
        definition: (x, w, b) =>
          normalise(
            x!,
            w,
            b,
            (at) => Math.floor(at / (own * values)),
            (at) => Math.floor(at / values) % C,
            epsilon,
          ),
        tolerance: 2e-5,
        gradientTolerance: 1e-3,
      });
    }
  });

  test(`200 random batch normalisations (${numerics}), values and gradients`, async () => {
    const draw = createDraw(103);
    for (let i = 0; i < 200; i++) {
      const area = Array.from({ length: draw(0, 2) }, () => draw(1, 5));
      const shape = [draw(sizeOf(area) > 1 ? 1 : 2, 5), draw(1, 4), ...area];
      const [N, C] = shape as [number, number];
      const epsilon = [0.5, 0.01][draw(0, 1)]!;
      await checkOp({
        what: `batchNorm ${JSON.stringify({ shape, epsilon })}`,
        shapes: [shape, [C], [C]],
        seed: 1100 + i,
        numerics,
        op: (x, w, b) => ops.batchNorm(x!, ops.channelMoments(x!), w!, b!, epsilon),
        definition: (x, w, b) => reference.batchNorm(x!, w!, b!, [N, C, sizeOf(area)], epsilon),
        tolerance: 2e-5,
        gradientTolerance: 1e-3,
      });
    }
  });

  test(`200 random local response normalisations (${numerics}), values and gradients`, async () => {
    const draw = createDraw(104);
    for (let i = 0; i < 200; i++) {
      const area = Array.from({ length: draw(0, 2) }, () => draw(1, 5));
      const shape = [draw(1, 2), draw(1, 8), ...area];
      const [N, C] = shape as [number, number];
      const attributes = {
        size: draw(1, 7),
        alpha: [1e-4, 0.3, 2][draw(0, 2)]!,
        beta: betas[i % betas.length]!,
        k: draw(1, 2),
      };
      await checkOp({
        what: `localResponseNorm ${JSON.stringify({ shape, ...attributes })}`,
        shapes: [shape],
        seed: 1400 + i,
        numerics,
        op: (x) => ops.localResponseNorm(x!, attributes),
        definition: (x) => localResponseNorm(x!, [N, C, sizeOf(area)], attributes),
      });
    }
  });

  test(`trainable subsampling (${numerics}), values and gradients`, async () => {
    const draw = createDraw(105);
    for (let i = 0; i < 40; i++) {
      const [N, C, H, W] = [draw(1, 2), draw(1, 6), draw(3, 9), draw(3, 9)];
      const kernel = [draw(1, 3), draw(1, 3)] as const;
      const stride = i % 2 ? kernel : ([draw(1, 4), draw(1, 4)] as const);
      const window = {
        kernel,
        stride,
        padding: [0, 0],
        ceilMode: false,
        countIncludePad: true,
      } as const;
      await checkOp({
        what: `subsampling2d ${JSON.stringify({ N, C, H, W, kernel, stride })}`,
        shapes: [[N, C, H, W], [C], [C]],
        seed: 1700 + i,
        numerics,
        op: (x, w, b) => ops.subsampling2d(x!, w!, b!, { kernel, stride }),
        definition: (x, w, b) => {
          const means = pool('avg', x!, [N * C, H, W], window);
          const area = means.length / (N * C);
          const channel = (at: number) => Math.floor(at / area) % C;
          const size = kernel[0] * kernel[1];
          return means.map((mean, at) => mean * size * w![channel(at)]! + b![channel(at)]!);
        },
      });
    }
  });

  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    interface Case extends ops.ResponseAttributes {
      op: 'layer' | 'group' | 'instance' | 'batch' | 'response';
      x: number[];
      /** Shape of weight and bias; absent without them. */
      w?: number[];
      offset: number;
      groups: number;
      eps: number;
      seed: number;
      y: string;
      gradients: Partial<Record<'x' | 'w' | 'b', string>>;
    }
    for (const golden of loadGolden<Case>('normalisations')) {
      const { w: parameters, groups, eps, offset, seed } = golden;
      const what = JSON.stringify({ ...golden, y: undefined, gradients: undefined });
      const shapes: Shape[] = parameters ? [golden.x, parameters, parameters] : [golden.x];
      const leaves = shapes.map((shape, i) => input(`leaf ${i}`, shape));
      const feeds = new Map(
        leaves.map((t, i) => [
          t,
          numbers(sizeOf(t.shape), seed + i).map((v) => (i === 0 ? v + offset : v)),
        ]),
      );
      const [x, w = null, b = null] = leaves as [Tensor, Tensor?, Tensor?];
      const all = {
        layer: () => ops.layerNorm(x, parameters ?? golden.x.slice(-1), w, b, eps),
        group: () => ops.groupNorm(x, groups, w, b, eps),
        instance: () => ops.instanceNorm(x, w, b, eps),
        batch: () => ops.batchNorm(x, ops.channelMoments(x), w!, b!, eps),
        response: () => ops.localResponseNorm(x, golden),
      };
      const y = all[golden.op]();
      const target = numbers(sizeOf(y.shape), seed + 5);
      const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
      // The mean itself is a float32: half a unit of its last place is in every result.
      const rounding = 1e-5 * Math.abs(offset);
      assertClose(value, unpack(golden.y), 1e-5 + rounding, `${what}: y`);
      (['x', 'w', 'b'] as const).slice(0, leaves.length).forEach((name, i) => {
        const expected = unpack(golden.gradients[name]!);
        assertClose(found[i]!, expected, 1e-4 + rounding, `${what}: gradient by ${name}`);
      });
    }
  });

  test(`a large mean hides no small variance (${numerics})`, async () => {
    const x = input('x', [2, 4, 9]);
    const values = numbers(72, 8).map((v) => v + 1000);
    const double = Float64Array.from(values);
    const expected = normalise(
      double,
      undefined,
      undefined,
      (i) => Math.floor(i / 9),
      () => 0,
      1e-5,
    );
    for (const y of [
      ops.layerNorm(x, [9], null, null, 1e-5),
      ops.groupNorm(x, 4, null, null, 1e-5),
    ]) {
      const target = new Float32Array(72);
      const { value } = await valueAndGradients(y, [x], new Map([[x, values]]), target, numerics);
      // x − mean is off by up to 2⁻¹⁵, half a unit in the mean's last place; the deviations are about ½.
      assertClose(value, expected, 1e-2, 'around 1000');
    }
  });

  test(`a group of equal values, or of one (${numerics}), becomes its bias`, async () => {
    const [w, b] = [input('w', [6]), input('b', [6])];
    const bias = numbers(6, 2);
    const feeds = (x: Tensor, values: Float32Array) =>
      new Map([
        [x, values],
        [w, numbers(6, 1)],
        [b, bias],
      ]);
    const x = input('x', [2, 6]);
    const equal = feeds(x, new Float32Array(12).fill(0.3));
    const target = new Float32Array(12);
    for (const y of [ops.layerNorm(x, [6], w, b, 1e-5), ops.groupNorm(x, 2, w, b, 1e-5)]) {
      const { value } = await valueAndGradients(y, [x], equal, target, numerics);
      assertClose(value, [...bias, ...bias], 1e-4, 'equal values');
    }
    const y = ops.groupNorm(x, 6, w, b, 0.5);
    const different = feeds(x, numbers(12, 3));
    const { value, found } = await valueAndGradients(y, [x], different, target, numerics);
    assertClose(value, [...bias, ...bias], 1e-6, 'one value');
    assert.ok(found[0]!.every((g) => Math.abs(g) < 1e-6));
  });
}

test('what does not fit is refused', () => {
  const x = input('x', [2, 6, 4]);
  refuses(
    () => ops.layerNorm(x, [6], null, null, 0),
    /layerNorm: expected an input that ends in 6, found 2×6×4/,
  );
  refuses(
    () => ops.layerNorm(x, [6, 4], input('w', [24]), null, 0),
    /layerNorm: weight has shape 24, expected 6×4/,
  );
  refuses(() => ops.layerNorm(x, [], null, null, 0), /layerNorm: expected an input that ends in/);
  refuses(
    () => ops.groupNorm(x, 4, null, null, 0),
    /groupNorm: 4 groups do not divide the 6 channels of input 2×6×4/,
  );
  refuses(
    () => ops.groupNorm(x, 2, null, input('b', [4]), 0),
    /groupNorm: bias has shape 4, input 2×6×4 has 6 channels/,
  );
  refuses(
    () => ops.instanceNorm(input('x', [2, 6, 1, 1]), null, null, 0),
    /instanceNorm: expected more than one value a channel and sample, found an input of 2×6×1×1/,
  );
  const response = { size: 5, alpha: 1, beta: 1, k: 1 };
  refuses(
    () => ops.localResponseNorm(input('x', [6]), response),
    /localResponseNorm: expected an input of N×C or N×C×…, found 6/,
  );
  refuses(
    () => ops.localResponseNorm(x, { ...response, size: 0 }),
    /localResponseNorm: size is 0, expected a whole number of at least 1/,
  );
  refuses(
    () => ops.channelAffine(x, input('w', [4]), null),
    /channelAffine: weight has shape 4, input 2×6×4 has 6 channels/,
  );
  const image = input('x', [1, 6, 4, 4]);
  refuses(
    () =>
      ops.subsampling2d(image, input('w', [6]), input('b', [1]), {
        kernel: [2, 2],
        stride: [2, 2],
      }),
    /subsampling2d: bias has shape 1, input 1×6×4×4 has 6 channels/,
  );
  assert.equal(ops.layerNorm(x, [6, 4], null, null, 0).shape, [2, 6, 4]);
});

test.run();
