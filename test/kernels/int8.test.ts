/** The kernels on bytes against their definition in exact arithmetic, in every build that this engine can run. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packDepthwise, packWeights } from '../../src/quantize/pack-weights.js';
import { SLACK, convInt8Workspace } from '../../src/program/int8-scratch.js';
import {
  averagePool,
  convolutionBytes,
  convolutionFloats,
  maxPool,
  quantizedByte,
  rounded,
  transposedPlanes,
  type Convolution,
  type Requantiser,
  type Windows,
} from '../support/int8-reference.js';
import { createDraw, numbers } from '../support/numbers.js';
import { createInt8Instance, int8Builds, type Int8Instance } from './int8-instance.js';

type Draw = ReturnType<typeof createDraw>;

const CASES = 60 * Number(process.env['LANEWISE_FUZZ'] ?? 1);

const pick = <T>(draw: Draw, values: readonly T[]): T => values[draw(0, values.length - 1)]!;

const bytesOf = (draw: Draw, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => (draw(0, 9) ? draw(0, 127) : pick(draw, [0, 127])));

const weightsOf = (draw: Draw, count: number): Int8Array =>
  Int8Array.from({ length: count }, () => (draw(0, 5) ? draw(-127, 127) : pick(draw, [-127, 127])));

/** Filled up to a multiple of four, as kernels want it; what is behind has no influence. */
const padded = (values: readonly number[]): Int32Array =>
  Int32Array.from({ length: Math.ceil(values.length / 4) * 4 }, (_, i) => values[i] ?? 77);

/** `count` kernel results, with nothing written behind them. */
function results(
  instance: Int8Instance,
  what: string,
  count: number,
  kernel: (y: number) => void,
): Uint8Array {
  const y = instance.reserve(count);
  kernel(y);
  const behind = instance.bytes(y + count, SLACK);
  assert.ok(
    behind.every((byte) => byte === 0xa5),
    `${what}: written behind the result`,
  );
  return instance.bytes(y, count);
}

function drawWindows(draw: Draw, isCut: boolean): Windows {
  const axis = () => {
    const [kernel, stride] = [draw(1, 4), draw(1, 3)];
    const extent = draw(1, 12);
    const padding = draw(0, isCut ? kernel >> 1 : 2);
    const most = Math.floor((extent + 2 * padding - kernel) / stride) + 1;
    return { extent, kernel, stride, padding, count: most };
  };
  const [h, w] = [axis(), axis()];
  // One window more, where it still begins inside.
  const more = (one: typeof h) =>
    isCut && one.count * one.stride < one.extent + one.padding ? one.count + 1 : one.count;
  const [N, C] = [draw(1, 3), pick(draw, [1, 2, 3, 4, 6, 8, 13, 16, 17, 33])];
  const [kh, kw, sh, sw] = [h.kernel, w.kernel, h.stride, w.stride];
  const extents = { N, C, H: h.extent, W: w.extent, kh, kw, sh, sw };
  return { ...extents, ph: h.padding, pw: w.padding, P: more(h), Q: more(w) };
}

/** A random convolution whose windows fit. */
function drawConvolution(draw: Draw, groups: number, dilated: boolean): Convolution {
  for (;;) {
    const windows = drawWindows(draw, false);
    const [dilationH, dilationW] = dilated ? [draw(1, 3), draw(1, 3)] : [draw(1, 2), 1];
    const { H, W, kh, kw, sh, sw, ph, pw } = windows;
    const P = Math.floor((H + 2 * ph - (kh - 1) * dilationH - 1) / sh) + 1;
    const Q = Math.floor((W + 2 * pw - (kw - 1) * dilationW - 1) / sw) + 1;
    if (P < 1 || Q < 1) continue;
    const C = groups * draw(1, groups > 1 ? 9 : windows.C);
    const O = groups * pick(draw, [1, 2, 3, 4, 5, 6, 8, 10, 16, 21]);
    return { ...windows, C, O, P, Q, dilationH, dilationW, groups };
  }
}

function drawRequantiser(draw: Draw, O: number, sums: number): Requantiser {
  const shift =
    draw(0, 2) === 0
      ? 32
      : draw(0, 4)
        ? 30 + Math.ceil(Math.log2(sums / draw(30, 250)))
        : draw(0, 62);
  const m = Array.from({ length: O }, () =>
    draw(0, 9) ? 2 ** 30 + draw(0, 65_535) * 16_000 : pick(draw, [0, 1, 2 ** 31 - 1, 300]),
  );
  const low = pick(draw, [0, 3, 64]);
  const high = pick(draw, [127, 127, 90]);
  const table = draw(0, 2) ? undefined : bytesOf(draw, 256);
  return { m, shift, zeroY: draw(0, 127), low, high, table };
}

function drawCase(draw: Draw, at: Convolution) {
  const zeroX = draw(0, 127);
  const x = bytesOf(draw, at.N * at.H * at.W * at.C);
  const inputs = at.C / at.groups;
  const w = weightsOf(draw, at.O * inputs * at.kh * at.kw);
  const bias = Array.from({ length: at.O }, () => draw(-30_000, 30_000));
  const by = drawRequantiser(draw, at.O, Math.sqrt(inputs * at.kh * at.kw) * 127 * 40);
  return { zeroX, x, w, bias, by };
}

type Eight = [number, number, number, number, number, number, number, number];

const leading = (at: Convolution, zeroX: number) => {
  const { N, C, H, W, O, kh, kw, sh, sw, ph, pw, dilationH, dilationW, P, Q } = at;
  const first: Eight = [N, C, H, W, O, kh, kw, sh];
  const second: Eight = [sw, ph, pw, dilationH, dilationW, P, Q, zeroX];
  return [...first, ...second] as const;
};

function workspaceOf(instance: Int8Instance, at: Convolution): number {
  return instance.reserve(convInt8Workspace(at.C, at.H, at.W, at.kh, at.kw, at.ph, at.pw));
}

function checkConvolution(
  instance: Int8Instance,
  draw: Draw,
  at: Convolution,
  kind: 'convInt8' | 'convInt8Grouped' | 'convInt8Depthwise',
): void {
  instance.clear();
  const { zeroX, x, w, bias, by } = drawCase(draw, at);
  const packed =
    kind === 'convInt8Depthwise'
      ? packDepthwise(w, at)
      : packWeights(w, { ...at, apart: kind === 'convInt8Grouped' });
  const table = by.table ? instance.put(by.table) : 0;
  const given = [
    instance.put(x),
    instance.put(packed),
    instance.put(padded(bias)),
    instance.put(padded([...by.m])),
    by.shift,
    by.zeroY,
    by.low,
    by.high,
    table,
  ] as unknown as [
    ...[number, number, number, number],
    ...[number, number, number, number, number],
  ];
  const workspace = workspaceOf(instance, at);
  const { kernels } = instance;
  const what = `${kind} ${JSON.stringify(at)} shift ${by.shift}${table ? ' table' : ''}`;
  const y = results(instance, what, at.N * at.P * at.Q * at.O, (to) => {
    if (kind === 'convInt8Grouped')
      kernels.convInt8Grouped(at.groups, ...leading(at, zeroX), ...given, to, workspace);
    else kernels[kind](...leading(at, zeroX), ...given, to, workspace);
  });
  assert.equal(y, convolutionBytes(at, zeroX, x, w, bias, by), what);
}

for (const build of int8Builds) {
  test(`convolutions (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const draw = createDraw(1);
    for (let i = 0; i < CASES; i++)
      checkConvolution(instance, draw, drawConvolution(draw, 1, false), 'convInt8');
  });

  test(`convolutions with groups or dilation, and depthwise (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const draw = createDraw(2);
    for (let i = 0; i < CASES; i++) {
      const groups = draw(1, 5);
      checkConvolution(instance, draw, drawConvolution(draw, groups, true), 'convInt8Grouped');
      const at = drawConvolution(draw, pick(draw, [1, 3, 8, 16, 19, 40]), true);
      const depthwise = { ...at, C: at.groups, O: at.groups };
      checkConvolution(instance, draw, depthwise, 'convInt8Depthwise');
      const wide = drawConvolution(draw, 1, true);
      checkConvolution(instance, draw, { ...wide, C: 4 * Math.ceil(wide.C / 4) }, 'convInt8');
    }
  });

  test(`dense layers of any number of rows (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const draw = createDraw(3);
    const one = {
      W: 1,
      kh: 1,
      kw: 1,
      sh: 1,
      sw: 1,
      ph: 0,
      pw: 0,
      Q: 1,
      dilationH: 1,
      dilationW: 1,
    };
    for (const H of [1, 2, 3, 4, 5, 63, 64, 65, 130]) {
      for (const C of [1, 3, 16, 84, 400]) {
        const at = { ...one, N: 1, C, H, O: draw(1, 40), P: H, groups: 1 };
        checkConvolution(instance, draw, at, 'convInt8');
      }
    }
  });

  test(`sums of the largest products do not overflow (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const C = 133_144;
    const x = new Uint8Array(C).fill(127);
    const one = {
      W: 1,
      kh: 1,
      kw: 1,
      sh: 1,
      sw: 1,
      ph: 0,
      pw: 0,
      Q: 1,
      dilationH: 1,
      dilationW: 1,
    };
    const at = { ...one, N: 1, C, H: 1, O: 2, P: 1, groups: 1 };
    const w = new Int8Array(2 * C).fill(127, 0, C).fill(-127, C);
    const [from, packed] = [instance.put(x), instance.put(packWeights(w, at))];
    const [bias, scale] = [instance.put(padded([0, 0])), instance.put(new Float32Array(4).fill(1))];
    const workspace = workspaceOf(instance, at);
    const y = instance.reserve(8);
    instance.kernels.convInt8Floats(...leading(at, 0), from, packed, bias, scale, y, workspace);
    const most = Math.fround(127 * 127 * C);
    assert.equal([...instance.floats(y, 2)], [most, -most]);
  });

  test(`last layers with floats (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const draw = createDraw(4);
    for (let i = 0; i < CASES; i++) {
      instance.clear();
      const at = drawConvolution(draw, 1, false);
      const { zeroX, x, w, bias } = drawCase(draw, at);
      const scale = numbers(Math.ceil(at.O / 4) * 4, i);
      const given = [x, packWeights(w, at), padded(bias), scale].map((one) => instance.put(one));
      const workspace = workspaceOf(instance, at);
      const y = results(instance, JSON.stringify(at), at.N * at.P * at.Q * at.O * 4, (to) =>
        instance.kernels.convInt8Floats(
          ...leading(at, zeroX),
          ...(given as [number, number, number, number]),
          to,
          workspace,
        ),
      );
      const expected = convolutionFloats(at, zeroX, x, w, bias, scale);
      assert.equal(new Float32Array(y.buffer), expected, JSON.stringify(at));
    }
  });

  test(`pooling (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const draw = createDraw(5);
    for (let i = 0; i < 2 * CASES; i++) {
      instance.clear();
      const at = drawWindows(draw, true);
      if (at.P < 1 || at.Q < 1) continue;
      const { N, H, W, C, kh, kw, sh, sw, ph, pw, P, Q } = at;
      const x = bytesOf(draw, N * H * W * C);
      const from = instance.put(x);
      const extents = [N, H, W, C, kh, kw, sh, sw, ph, pw, P, Q] as const;
      const [what, count] = [JSON.stringify(at), N * P * Q * C];
      const most = results(instance, what, count, (y) =>
        instance.kernels.maxPoolInt8(...extents, from, y),
      );
      assert.equal(most, maxPool(at, x), `max ${what}`);
      const shift = pick(draw, [15, 15, 31, 32, 32, 34, draw(0, 62)]);
      const m =
        shift === 15
          ? Math.floor(32_767 / kh / kw)
          : draw(0, 5)
            ? Math.floor((2 ** 32 * draw(1, 200)) / 200 / kh / kw / 2)
            : draw(0, 99);
      const [zeroX, zeroY, countPadding] = [draw(0, 127), draw(0, 127), draw(0, 1)];
      const mean = results(instance, what, count, (y) =>
        instance.kernels.avgPoolInt8(...extents, countPadding, zeroX, m, shift, zeroY, from, y),
      );
      const expected = averagePool(at, countPadding === 1, zeroX, { m, shift, zeroY }, x);
      assert.equal(mean, expected, `average ${what} m ${m} shift ${shift}`);
    }
  });

  test(`an average over more values than 16 bits sum up (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const draw = createDraw(6);
    const at = { N: 2, C: 9, H: 30, W: 23, kh: 30, kw: 23, sh: 1, sw: 1, ph: 0, pw: 0, P: 1, Q: 1 };
    const x = bytesOf(draw, 2 * 9 * 30 * 23).fill(127, 0, 3000);
    const from = instance.put(x);
    const [m, shift, zeroY] = [Math.floor(2 ** 38 / 690), 38, 0];
    const y = results(instance, 'global', 18, (to) =>
      instance.kernels.avgPoolInt8(
        ...([2, 30, 23, 9, 30, 23, 1, 1, 0, 0, 1, 1] as const),
        ...([0, 5, m, shift, zeroY, from, to] as const),
      ),
    );
    assert.equal(y, averagePool(at, false, 5, { m, shift, zeroY }, x));
  });

  test(`floats to bytes and back (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const draw = createDraw(7);
    const odd = [
      NaN,
      Infinity,
      -Infinity,
      -0,
      0.5,
      1.5,
      2.5,
      -0.5,
      -1.5,
      1e30,
      126.5,
      127.5,
      8388609,
    ];
    for (let i = 0; i < 2 * CASES; i++) {
      instance.clear();
      const [N, C, area] = [draw(1, 3), draw(1, 9), pick(draw, [1, 2, 4, 9, 15, 16, 17, 49, 64])];
      const [inverse, zero] = [pick(draw, [1, 0.5, 37.3, 100]), draw(0, 127)];
      const x = numbers(N * C * area, i).map((v) => (draw(0, 4) ? v * 2 : pick(draw, odd)));
      const from = instance.put(x);
      const what = `${N} ${C} ${area} ${inverse} ${zero}`;
      const y = results(instance, what, x.length, (to) =>
        instance.kernels.quantizePlanes(N, C, area, inverse, zero, from, to),
      );
      const bytes = Uint8Array.from(x, (value) => quantizedByte(value, inverse, zero));
      assert.equal(y, transposedPlanes(N, C, area, bytes), what);
      const at = instance.put(y);
      const back = results(instance, what, x.length * 4, (to) =>
        instance.kernels.dequantizePlanes(N, C, area, inverse, zero, at, to),
      );
      const expected = Float32Array.from(bytes, (byte) => Math.fround(inverse) * (byte - zero));
      assert.equal(new Float32Array(back.buffer), expected, what);
    }
  });

  test(`sums, changes of scale, tables and constants (${build})`, async () => {
    const instance = await createInt8Instance(build);
    const { kernels } = instance;
    const draw = createDraw(8);
    for (let i = 0; i < 2 * CASES; i++) {
      instance.clear();
      const count = draw(1, 200);
      const [a, b] = [bytesOf(draw, count), bytesOf(draw, count)];
      const [atA, atB] = [instance.put(a), instance.put(b)];
      const most = pick(draw, [2 ** 15 - 1, 2 ** 15, 2 ** 31 - 1]);
      const factor = () => Math.floor((most * draw(0, 100)) / 100);
      const [zeroA, mA, zeroB, mB] = [draw(0, 127), factor(), draw(0, 127), factor()];
      const shift = draw(0, 3) ? Math.ceil(Math.log2(most)) : draw(0, 62);
      const [zeroY, low, high] = [draw(0, 127), draw(0, 30), draw(90, 127)];
      const by = [shift, zeroY, low, high] as const;
      const clamped = (r: number) => Math.max(low, Math.min(high, r + zeroY));
      const what = `${count} ${zeroA} ${mA} ${zeroB} ${mB} ${by.join(' ')}`;
      const sums = results(instance, what, count, (y) =>
        kernels.addInt8(count, zeroA, mA, zeroB, mB, ...by, atA, atB, y),
      );
      const sumOf = (value: number, j: number) =>
        clamped(rounded(shift, [value - zeroA, mA], [b[j]! - zeroB, mB]));
      assert.equal(sums, a.map(sumOf), `add ${what}`);
      const table = bytesOf(draw, 128);
      const looked = results(instance, what, count, (y) =>
        kernels.tableInt8(count, atA, instance.put(table), y),
      );
      assert.equal(
        looked,
        a.map((value) => table[value]!),
        `table ${what}`,
      );
      assert.ok(
        results(instance, what, count, (y) => kernels.fillInt8(count, 5, y)).every((v) => v === 5),
      );
      checkRescale(instance, draw, a, [zeroA, mA, ...by]);
    }
  });
}

/** Parts of rows, with whatever lies between them left alone. */
function checkRescale(
  instance: Int8Instance,
  draw: Draw,
  x: Uint8Array,
  by: readonly [number, number, number, number, number, number],
): void {
  const [zeroX, m, shift, zeroY, low, high] = by;
  const C = draw(1, Math.min(40, x.length));
  const xPitch = C + draw(0, 5);
  const rows = Math.floor((x.length - C) / xPitch) + 1;
  const yPitch = C + draw(0, 20);
  const from = instance.put(x);
  const what = `rescale ${rows} ${C} ${xPitch} ${yPitch} ${by.join(' ')}`;
  const y = results(instance, what, (rows - 1) * yPitch + C, (to) =>
    instance.kernels.rescaleInt8(rows, C, xPitch, yPitch, ...by, from, to),
  );
  const expected = y.slice().fill(0xa5);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < C; c++) {
      const scaled = rounded(shift, [x[r * xPitch + c]! - zeroX, m]) + zeroY;
      expected[r * yPitch + c] = Math.max(low, Math.min(high, scaled));
    }
  }
  assert.equal(y, expected, what);
}

test.run();
