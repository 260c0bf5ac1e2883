/**
 * The double-precision references, with which the kernels are compared, agree with PyTorch themselves,
 * as shown here without a kernel. Golden values are float64 results rounded to float32, hence 1e-6.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as reference from './reference/ops.js';
import { assertClose, loadGolden, unpack } from './support/golden.js';
import { numbers } from './support/numbers.js';

interface Stored {
  seed: number;
  y: string;
  gradients: Record<string, string>;
}

const product = (shape: readonly number[]) => shape.reduce((size, extent) => size * extent, 1);
const draw = (shape: readonly number[], seed: number, scale = 1) =>
  numbers(product(shape), seed).map((v) => Math.fround(v * scale));

test('conv2d and its gradients', () => {
  const cases = loadGolden<
    Stored & { x: number[]; w: number[]; stride: [number, number]; padding: [number, number] }
  >('conv2d');
  for (const { x: xShape, w: wShape, stride, padding, seed, y, gradients } of cases) {
    const [N, C, H, W] = xShape as [number, number, number, number];
    const [O, , kh, kw] = wShape as [number, number, number, number];
    const window = { kernel: [kh, kw], stride, padding } as const;
    const [x, w, b] = [draw(xShape, seed), draw(wShape, seed + 1), draw([O], seed + 2)];
    const what = `x ${xShape} w ${wShape} stride ${stride} padding ${padding}`;
    const value = reference.conv2d(x, w, b, { N, C, H, W }, O, window);
    assertClose(value, unpack(y), 1e-6, what);
    const target = draw([value.length], seed + 3);
    const dy = value.map((v, i) => 2 * (v - target[i]!));
    reference
      .conv2dGradients(x, w, dy, { N, C, H, W }, O, window)
      .forEach((gradient, i) =>
        assertClose(gradient, unpack(gradients['xwb'[i]!]!), 1e-6, `${what}: by ${'xwb'[i]}`),
      );
  }
});

test('pooling and, by central differences, its gradients', () => {
  const cases = loadGolden<
    Stored & {
      kind: 'avg' | 'max';
      x: number[];
      kernel: [number, number];
      stride: [number, number];
    }
  >('pooling');
  for (const { kind, x: shape, kernel, stride, seed, y, gradients } of cases) {
    const [N, C, H, W] = shape as [number, number, number, number];
    const x = draw(shape, seed);
    const pool = (at: ArrayLike<number>) =>
      reference.pool2d(kind, at, { N, C, H, W }, { kernel, stride, padding: [0, 0] });
    const what = `${kind} ${shape} kernel ${kernel} stride ${stride}`;
    assertClose(pool(x), unpack(y), 1e-6, what);
    const target = draw([pool(x).length], seed + 1);
    const gradient = reference.centralDifferences(
      (at) => reference.distance(pool(at), target),
      x,
      1e-6,
    );
    assertClose(gradient, unpack(gradients['x']!), 1e-5, `${what}: gradient`);
  }
});

test('linear and, by central differences, its gradients', () => {
  for (const golden of loadGolden<Stored & { x: [number, number]; w: [number, number] }>(
    'linear',
  )) {
    const [n, inputs] = golden.x;
    const outputs = golden.w[0];
    const { seed } = golden;
    const values = [draw(golden.x, seed), draw(golden.w, seed + 1), draw([outputs], seed + 2)];
    const apply = ([x, w, b]: ArrayLike<number>[]) =>
      reference.linear(x!, w!, b!, n, inputs, outputs);
    const what = `x ${golden.x} w ${golden.w}`;
    assertClose(apply(values), unpack(golden.y), 1e-6, what);
    const target = draw([n * outputs], seed + 3);
    values.forEach((value, i) => {
      // 5 000 weights would take as many products of 10 000: the largest case shows its x and b.
      if (value.length > 1000) return;
      const loss = (changed: Float64Array) =>
        reference.distance(apply(values.map((v, j) => (i === j ? changed : v))), target);
      const gradient = reference.centralDifferences(loss, value);
      assertClose(gradient, unpack(golden.gradients['xwb'[i]!]!), 1e-5, `${what}: ${'xwb'[i]}`);
    });
  }
});

test('activations and, by central differences, their gradients', () => {
  const cases = loadGolden<Stored & { kind: string; x: [number]; scale: number }>('activations');
  for (const { kind, x: shape, scale, seed, y, gradients } of cases) {
    const x = draw(shape, seed, scale);
    const f = reference.activations[kind]!;
    const what = `${kind} × ${scale}`;
    assertClose(Float64Array.from(x, f), unpack(y), 1e-6, what);
    const target = draw(shape, seed + 1);
    // The step follows the inputs' scale, so that no relu input lies within it of the kink.
    const step = scale < 1 ? 1e-7 : 1e-6;
    assert.ok(kind !== 'relu' || x.every((v) => Math.abs(v) > step), `${what}: too near the kink`);
    const loss = (at: Float64Array) => reference.distance(at.map(f), target);
    const gradient = reference.centralDifferences(loss, x, step);
    assertClose(gradient, unpack(gradients['x']!), 1e-5, `${what}: gradient`);
  }
});

test('losses and, by central differences, their gradients', () => {
  const cases = loadGolden<{
    kind: string;
    x: [number, number];
    scale: number;
    labels?: number[];
    seed: number;
    loss: string;
    gradient: string;
  }>('losses');
  for (const { kind, x: shape, scale, labels, seed, loss, gradient } of cases) {
    const [n, C] = shape;
    const x = draw(shape, seed, scale);
    const target = draw(shape, seed + 1, scale);
    const perSample = (at: ArrayLike<number>) =>
      labels ? reference.crossEntropy(at, labels, n, C) : reference.squaredErrors(at, target, n, C);
    const what = `${kind} ${shape} × ${scale}`;
    assertClose(perSample(x), unpack(loss), 1e-6, what);
    const mean = (at: Float64Array) => perSample(at).reduce((a, b) => a + b, 0) / n;
    assertClose(reference.centralDifferences(mean, x), unpack(gradient), 1e-5, `${what}: gradient`);
  }
});

test('a product is the same under each way of storing its operands', () => {
  const [m, n, k] = [2, 3, 4];
  const [a, b] = [numbers(m * k, 1), numbers(k * n, 2)];
  const transposed = (v: Float32Array, rows: number, columns: number) =>
    v.map((_, at) => v[(at % rows) * columns + Math.floor(at / rows)]!);
  const [aT, bT] = [transposed(a, m, k), transposed(b, k, n)];
  const expected = reference.linear(a, bT, new Float64Array(n), m, k, n);
  for (const [tA, tB] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const) {
    assert.equal(reference.matmul(tA ? aT : a, tB ? bT : b, [m, n, k], tA, tB), expected);
  }
});

test.run();
