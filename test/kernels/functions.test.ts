/**
 * The measured error of trigonometric and hyperbolic functions and of powers, over a quarter of a million arguments each:
 * at most 0.51 ulp from the value that double precision gives. Remainders are exact.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDraw } from '../support/numbers.js';
import { availableNumerics, createInstance, type Instance } from './instance.js';

const COUNT = 250_000;

/** Distance between neighbouring floats at `value`. */
function ulp(value: number): number {
  const magnitude = Math.max(Math.abs(value), 2 ** -126);
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

const draw = createDraw(17);

/** Floats between two magnitudes, evenly spread by their bits, with alternating signs if `signed`. */
function floatsBetween(low: number, high: number, signed: boolean): Float32Array {
  const bits = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0]!;
  const [from, to] = [bits(low), bits(high)];
  const all = Int32Array.from({ length: COUNT }, (_, i) =>
    Math.floor(from + ((to - from) * (i + draw(0, 1000) / 1000)) / COUNT),
  );
  const floats = new Float32Array(all.buffer);
  return signed ? floats.map((value, i) => (i % 2 ? -value : value)) : floats;
}

/** Codes of assembly/functions.ts, references, and ranges of magnitudes. */
const functions: Readonly<
  Record<
    string,
    [code: number, of: (x: number) => number, low: number, high: number, signed?: true]
  >
> = {
  'sin to 1e5': [20, Math.sin, 1e-30, 1e5, true],
  'cos to 1e5': [21, Math.cos, 1e-30, 1e5, true],
  'sin beyond': [20, Math.sin, 1e5, 3.4e38, true],
  'cos beyond': [21, Math.cos, 1e5, 3.4e38, true],
  atan: [22, Math.atan, 1e-30, 3e38, true],
  asin: [23, Math.asin, 1e-30, 1, true],
  acos: [24, Math.acos, 1e-30, 1, true],
  sinh: [25, Math.sinh, 1e-30, 89.4, true],
  cosh: [26, Math.cosh, 1e-30, 89.4, true],
  asinh: [27, Math.asinh, 1e-30, 3e38, true],
  acosh: [28, Math.acosh, 1, 3e38],
  atanh: [29, Math.atanh, 1e-30, 1, true],
};

/** The worst error in units of the last place, where the result is a normal float32. */
function worstOf(found: Float32Array, exact: (i: number) => number): { error: number; at: number } {
  let worst = { error: 0, at: -1 };
  found.forEach((value, i) => {
    const truth = exact(i);
    if (Math.abs(truth) > 3.4028234e38 || Math.abs(truth) < 2 ** -126) return;
    const error = Math.abs(value - truth) / ulp(truth);
    if (!(error <= worst.error)) worst = { error, at: i };
  });
  return worst;
}

const binary = ({ kernels, put, reserve, read }: Instance, code: number, pairs: Float32Array[]) => {
  const [a, b] = pairs.map((values) => put(values));
  const count = pairs[0]!.length;
  const y = reserve(count);
  kernels.binary(code, 1, 1, 1, count, 0, 0, 0, 1, 0, 0, 0, 1, a!, b!, y);
  return read(y, count);
};

const POWER = 16;
const FMOD = 17;
const REMAINDER = 18;

for (const numerics of availableNumerics) {
  for (const [name, [code, of, low, high, signed = false]] of Object.entries(functions)) {
    test(`${name} (${numerics}) stays within 0.51 ulp`, async () => {
      const { kernels, put, read } = await createInstance(numerics);
      const x = floatsBetween(low, high, signed);
      const at = put(x);
      kernels.unary(code, at, at, x.length, 0, 0);
      const { error, at: i } = worstOf(read(at, x.length), (i) => of(x[i]!));
      console.log(`  ${name} ${numerics}: ${error.toFixed(3)} ulp at ${x[i]}`);
      assert.ok(error <= 0.51, `${error} ulp at ${x[i]}`);
    });
  }

  test(`pow (${numerics}) stays within 0.51 ulp`, async () => {
    const instance = await createInstance(numerics);
    for (const [name, low, high, most] of [
      ['near 1', 0.99, 1.01, 8000],
      ['of all sizes', 1e-38, 3e38, 6],
      ['of whole numbers', 1, 100, 20],
    ] as const) {
      const a = floatsBetween(low, high, false);
      const whole = name === 'of whole numbers';
      const b = a.map((value, i) => {
        if (whole) a[i] = (i % 2 ? -1 : 1) * Math.floor(value);
        return whole ? draw(0, 2 * most) - most : (draw(-1000, 1000) / 1000) * most;
      });
      const { error, at } = worstOf(binary(instance, POWER, [a, b]), (i) => a[i]! ** b[i]!);
      console.log(`  pow ${name} ${numerics}: ${error.toFixed(3)} ulp at ${a[at]}^${b[at]}`);
      assert.ok(error <= 0.51, `${error} ulp at ${a[at]}^${b[at]}`);
    }
  });

  test(`remainders (${numerics}) are exact, for quotients of all sizes`, async () => {
    const instance = await createInstance(numerics);
    const a = floatsBetween(1e-45, 3.4e38, true);
    const b = a.map((_, i) => a[(i * 7919 + 13) % COUNT]!);
    binary(instance, FMOD, [a, b]).forEach((found, i) => {
      if (!Object.is(found, a[i]! % b[i]!)) assert.unreachable(`${a[i]} % ${b[i]} is ${found}`);
    });
    binary(instance, REMAINDER, [a, b]).forEach((found, i) => {
      const rest = a[i]! % b[i]!;
      const expected = rest !== 0 && rest < 0 !== b[i]! < 0 ? Math.fround(rest + b[i]!) : rest;
      if (!Object.is(found, expected)) assert.unreachable(`${a[i]} mod ${b[i]} is ${found}`);
    });
  });

  test(`an element's bits (${numerics}) do not depend on its place`, async () => {
    const { kernels, put, read } = await createInstance(numerics);
    for (let code = 15; code < 30; code++) {
      const at = put(new Float32Array(7).fill(0.7312));
      kernels.unary(code, at, at, 7, 0, 0);
      assert.is(new Set(read(at, 7)).size, 1, `code ${code}`);
    }
  });
}

test('strict and fused builds give the same bits', async () => {
  const x = floatsBetween(1e-3, 80, true);
  const found: Float32Array[][] = [];
  for (const numerics of availableNumerics) {
    const instance = await createInstance(numerics);
    const all = [binary(instance, POWER, [x.map(Math.abs), x])];
    for (let code = 20; code < 30; code++) {
      const at = instance.put(x);
      instance.kernels.unary(code, at, at, x.length, 0, 0);
      all.push(instance.read(at, x.length));
    }
    found.push(all);
  }
  if (found.length > 1)
    found[0]!.forEach((one, i) =>
      assert.equal(Buffer.compare(Buffer.from(one.buffer), Buffer.from(found[1]![i]!.buffer)), 0),
    );
});

test.run();
