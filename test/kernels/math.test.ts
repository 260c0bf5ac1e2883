/**
 * The measured error of our exp, log, tanh and sigmoid: at most 2 ulp from the value that double
 * precision gives, over the ranges that training uses. Runs over about a million arguments a function.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SMOOTH_RUN } from '../../src/program/scratch.js';
import { erf } from '../reference/erf.js';
import { availableNumerics, createInstance } from './instance.js';

const codes = { relu: 1, sigmoid: 2, tanh: 3, scaledTanh: 4, exp: 5, log: 6 };

/** Distance between neighbouring floats at `value`; of the subnormals below the smallest normal. */
function ulp(value: number): number {
  const magnitude = Math.max(Math.abs(Math.fround(value)), 2 ** -126);
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

/** A million floats from low to high, evenly spaced by their bits. */
function floatsBetween(low: number, high: number): Float32Array {
  const bits = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0]!;
  const [from, to] = [bits(low), bits(high)];
  const step = Math.max(1, Math.floor((to - from) / 1_000_000));
  const all = Int32Array.from(
    { length: Math.floor((to - from) / step) },
    (_, i) => from + i * step,
  );
  return new Float32Array(all.buffer);
}

/** Every fourth one, with alternating signs. */
const bothSigns = (x: Float32Array): Float32Array =>
  x.filter((_, i) => i % 4 === 0).map((value, i) => (i % 2 ? -value : value));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const cases: {
  name: keyof typeof codes;
  reference: (x: number) => number;
  x: Float32Array;
  ulps: number;
}[] = [
  { name: 'exp', reference: Math.exp, x: bothSigns(floatsBetween(1e-6, 87)), ulps: 2 },
  { name: 'log', reference: Math.log, x: floatsBetween(1e-40, 3e38), ulps: 2 },
  { name: 'tanh', reference: Math.tanh, x: bothSigns(floatsBetween(1e-6, 30)), ulps: 2 },
  { name: 'sigmoid', reference: sigmoid, x: bothSigns(floatsBetween(1e-6, 80)), ulps: 3 },
];

/** Codes of `smooth`. */
const smooth = { elu: 1, softplus: 5, erf: 14 };
const smoothCases: {
  name: keyof typeof smooth;
  reference: (x: number) => number;
  x: Float32Array;
  ulps: number;
}[] = [
  { name: 'erf', reference: erf, x: bothSigns(floatsBetween(1e-6, 5)), ulps: 2 },
  // eˣ − 1 below 0.
  { name: 'elu', reference: Math.expm1, x: floatsBetween(1e-6, 30).map((v) => -v), ulps: 2 },
  {
    name: 'softplus',
    reference: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    x: bothSigns(floatsBetween(1e-6, 80)),
    ulps: 4,
  },
];

for (const numerics of availableNumerics) {
  for (const { name, reference, x, ulps } of smoothCases) {
    test(`${name} (${numerics}) stays within ${ulps} ulp`, async () => {
      const { kernels, put, read } = await createInstance(numerics);
      const at = put(x);
      kernels.smooth(smooth[name], at, at, x.length, 1, 1);
      let worst = { error: 0, x: 0 };
      read(at, x.length).forEach((found, i) => {
        const exact = reference(x[i]!);
        const error = Math.abs(found - exact) / ulp(exact);
        if (!(error <= worst.error)) worst = { error, x: x[i]! };
      });
      console.log(`  ${name} ${numerics}: ${worst.error.toFixed(2)} ulp at ${worst.x}`);
      assert.ok(worst.error <= ulps, `${worst.error} ulp at ${worst.x}`);
    });
  }

  for (const { name, reference, x, ulps } of cases) {
    test(`${name} (${numerics}) stays within ${ulps} ulp`, async () => {
      const { kernels, put, read } = await createInstance(numerics);
      const at = put(x);
      kernels.activation(codes[name], at, at, x.length);
      const y = read(at, x.length);
      let worst = { error: 0, x: 0, found: 0 };
      y.forEach((found, i) => {
        const exact = reference(x[i]!);
        const error = Math.abs(found - exact) / ulp(exact);
        if (!(error <= worst.error)) worst = { error, x: x[i]!, found };
      });
      console.log(
        `  ${name} ${numerics}: ${worst.error.toFixed(2)} ulp at ${worst.x}, ${x.length} arguments`,
      );
      assert.ok(worst.error <= ulps, `${worst.error} ulp at ${worst.x}: found ${worst.found}`);
    });
  }

  test(`special values (${numerics}) come out as IEEE 754 has them`, async () => {
    const { kernels, put, read } = await createInstance(numerics);
    const apply = (code: number, values: number[]) => {
      const at = put(Float32Array.from(values));
      kernels.activation(code, at, at, values.length);
      return [...read(at, values.length)];
    };
    assert.equal(apply(codes.exp, [0, -Infinity, Infinity, 100, -200, NaN]), [
      1,
      0,
      Infinity,
      Infinity,
      0,
      NaN,
    ]);
    assert.equal(apply(codes.log, [1, 0, Infinity, -1, NaN]), [0, -Infinity, Infinity, NaN, NaN]);
    assert.equal(apply(codes.tanh, [0, Infinity, -Infinity, 20, -20, NaN]), [0, 1, -1, 1, -1, NaN]);
    assert.equal(apply(codes.sigmoid, [0, Infinity, -Infinity, NaN]), [0.5, 1, 0, NaN]);
    assert.equal(apply(codes.relu, [-1, 0, 2, NaN, -Infinity, Infinity]), [
      0,
      0,
      2,
      NaN,
      0,
      Infinity,
    ]);
  });

  test(`an element's bits (${numerics}) do not depend on where in the array it stands`, async () => {
    const { kernels, put, read } = await createInstance(numerics);
    for (const code of Object.values(codes)) {
      const alone = put(Float32Array.of(0.7312));
      kernels.activation(code, alone, alone, 1);
      const many = put(new Float32Array(7).fill(0.7312));
      kernels.activation(code, many, many, 7);
      assert.equal(
        [...read(many, 7)],
        Array.from({ length: 7 }, () => read(alone, 1)[0]),
      );
    }
  });
}

for (const numerics of availableNumerics) {
  test(`${numerics} GELU has the same bits in runs, in vectors and in place`, async () => {
    const { kernels, put, reserve, read } = await createInstance(numerics);
    const count = 1031;
    const x = Float32Array.from({ length: count }, (_, i) => (i - 515) / 60);
    x.set([NaN, Infinity, -Infinity, -0, 1e-30, 1e20, -1e20], 3);
    const dy = x.map((_, i) => 1 - i / 700);
    const bits = (at: number, length = count) =>
      Buffer.from(read(at, length).buffer).toString('hex');
    const [from, slopes, inPlace, y, dx, scratch] = [
      put(x),
      put(dy),
      put(x),
      reserve(count),
      reserve(count),
      reserve(SMOOTH_RUN),
    ];
    kernels.smooth(3, from, y, count, 0, 0);
    kernels.smooth(3, inPlace, inPlace, count, 0, 0);
    assert.is(bits(y), bits(inPlace));
    kernels.smoothGradient(3, from, slopes, dx, count, 0, 0, scratch);
    // Three at a time are fewer than a vector, and so never part of a run.
    let one = '';
    for (let i = 0; i < count; i += 3) {
      const length = Math.min(3, count - i);
      kernels.smoothGradient(3, from + 4 * i, slopes + 4 * i, y, length, 0, 0, scratch);
      one += bits(y, length);
    }
    assert.is(bits(dx), one);
    kernels.smoothGradient(3, from, slopes, slopes, count, 0, 0, scratch);
    assert.is(bits(slopes), bits(dx));
    assert.ok(Number.isNaN(read(scratch + 4 * SMOOTH_RUN, 1)[0]));
  });
}

test.run();
