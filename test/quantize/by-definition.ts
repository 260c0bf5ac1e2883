/** The calls of a quantised program, each held against its definition (test/support/int8-reference.ts). */
import * as assert from 'uvu/assert';
import { link } from '../../src/engine/link.js';
import type { PlacedProgram } from '../../src/inference/run-program.js';
import type { KernelCall } from '../../src/program/program.js';
import { int8Kernels } from '../../src/program/int8-rows.js';
import { nameOf } from '../../src/program/kernel-table.js';
import { packDepthwise, packWeights } from '../../src/quantize/pack-weights.js';
import * as reference from '../support/int8-reference.js';

type Values = Readonly<Record<string, number>>;

/** Weights in the order of their definition, from packed ones: where packing puts each is seen by what it does to numbers. */
function unpacked(
  { O, C, kh, kw, groups }: Values,
  form: string,
  packedAt: (count: number) => Int8Array,
): Int8Array {
  const size = (O! * C! * kh! * kw!) / groups!;
  const pack = (weights: Int8Array) =>
    form === 'Depthwise'
      ? packDepthwise(weights, { C: C!, kh: kh!, kw: kw! })
      : packWeights(weights, {
          O: O!,
          C: C!,
          kh: kh!,
          kw: kw!,
          groups: groups!,
          apart: form === 'Grouped',
        });
  // Each weight's number, from 1, in digits of seven bits.
  const digits = [0, 7, 14].map((shift) =>
    pack(Int8Array.from({ length: size }, (_, i) => ((i + 1) >> shift) & 127)),
  );
  const packed = packedAt(digits[0]!.length);
  const weights = new Int8Array(size);
  packed.forEach((value, at) => {
    const number = digits[0]![at]! + digits[1]![at]! * 128 + digits[2]![at]! * 128 * 128;
    if (number > 0) weights[number - 1] = value;
  });
  return weights;
}

/** What a call has to write, from what is in memory before it; undefined for float kernels. */
function expectedOf(kernel: string, v: Values, memory: ArrayBuffer): Uint8Array | undefined {
  const bytes = (at: number, count: number) => new Uint8Array(memory, at, count);
  const ints = (at: number, count: number) => new Int32Array(memory, at, count);
  const floats = (at: number, count: number) => new Float32Array(memory, at, count);
  const asBytes = (values: Float32Array) => new Uint8Array(values.buffer);
  const { N, C, H, W, O, count, area } = v as Record<string, number> as {
    [key in 'N' | 'C' | 'H' | 'W' | 'O' | 'count' | 'area']: number;
  };
  const by = (o: number): reference.Requantiser => ({
    m: ints(v['m']!, o),
    shift: v['shift']!,
    zeroY: v['zeroY']!,
    low: v['low']!,
    high: v['high']!,
    table: v['table'] ? bytes(v['table'], 256) : undefined,
  });
  const [, form] = /^convInt8(.*)$/.exec(kernel) ?? [];
  if (form !== undefined) {
    const groups = form === 'Depthwise' ? C : (v['groups'] ?? 1);
    const at = { ...v, groups } as unknown as reference.Convolution;
    const packed = (size: number) => new Int8Array(memory, v['w']!, size);
    const w = unpacked({ ...v, groups }, form, packed);
    const x = bytes(v['x']!, N * C * H * W);
    const bias = ints(v['bias']!, O);
    return form === 'Floats'
      ? asBytes(reference.convolutionFloats(at, v['zeroX']!, x, w, bias, floats(v['scale']!, O)))
      : reference.convolutionBytes(at, v['zeroX']!, x, w, bias, by(O));
  }
  const one = { m: v['m']!, shift: v['shift']!, zeroY: v['zeroY']! };
  const held = (value: number) => Math.max(v['low']!, Math.min(v['high']!, value));
  switch (kernel) {
    case 'quantizePlanes': {
      const x = reference.transposedPlanes(N, C, area, floats(v['x']!, N * C * area));
      return Uint8Array.from(x, (value) =>
        reference.quantizedByte(value, v['inverse']!, v['zero']!),
      );
    }
    case 'dequantizePlanes': {
      const x = reference.transposedPlanes(N, area, C, bytes(v['x']!, N * C * area));
      const scale = Math.fround(v['scale']!);
      return asBytes(Float32Array.from(x, (q) => scale * (q - v['zero']!)));
    }
    case 'maxPoolInt8':
      return reference.maxPool(v as never, bytes(v['x']!, N * C * H * W));
    case 'avgPoolInt8': {
      const x = bytes(v['x']!, N * C * H * W);
      return reference.averagePool(v as never, v['countPadding'] === 1, v['zeroX']!, one, x);
    }
    case 'addInt8': {
      const [a, b] = [bytes(v['a']!, count), bytes(v['b']!, count)];
      return a.map((q, i) =>
        held(
          reference.rounded(
            one.shift,
            [q - v['zeroA']!, v['mA']!],
            [b[i]! - v['zeroB']!, v['mB']!],
          ) + one.zeroY,
        ),
      );
    }
    case 'tableInt8':
      return bytes(v['x']!, count).map((q) => bytes(v['table']!, 128)[q]!);
    case 'rescaleInt8': {
      const [rows, xPitch, yPitch] = [v['rows']!, v['xPitch']!, v['yPitch']!];
      const y = bytes(v['y']!, (rows - 1) * yPitch + C).slice();
      for (let row = 0; row < rows; row++)
        for (let c = 0; c < C; c++) {
          const q = bytes(v['x']!, rows * xPitch)[row * xPitch + c]! - v['zeroX']!;
          y[row * yPitch + c] = held(reference.rounded(one.shift, [q, one.m]) + one.zeroY);
        }
      return y;
    }
    default:
      return undefined;
  }
}

/** Runs calls, and compares what each on bytes writes. Returns the kernels that were compared. */
export function runByDefinition(
  calls: readonly KernelCall[],
  { memory, bases, kernels }: PlacedProgram,
): Set<string> {
  const compared = new Set<string>();
  for (const call of calls) {
    const kernel: string = call.kernel;
    const row = (int8Kernels as Readonly<Record<string, string>>)[kernel];
    const words = row?.split(' ').map(nameOf) ?? [];
    const values = Object.fromEntries(
      words.map((word, i) => {
        const operand = call.operands[i]!;
        return [
          word,
          typeof operand === 'number' ? operand : bases[operand.segment] + operand.offset,
        ];
      }),
    );
    const expected = row && expectedOf(kernel, values, memory.buffer as ArrayBuffer)?.slice();
    link([call], kernels, bases)[0]!();
    if (!expected) continue;
    compared.add(kernel);
    const y = new Uint8Array(memory.buffer, values['y']!, expected.length);
    const at = y.findIndex((value, i) => value !== expected[i]);
    assert.is(at, -1, `${kernel} ${JSON.stringify(values)}: byte ${at}`);
  }
  return compared;
}
