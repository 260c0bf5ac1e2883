/**
 * One hash over what all kernels on bytes give for the same numbers, in any runtime: nothing but standards is used, and
 * the runtime says how it comes by the compiled builds.
 */

/** A layer's operands between its extents and its result; addresses are in the order of use. */
type Kernel = (...operands: readonly number[]) => void;

const SLACK = 64;

/** A memory in which values are put one behind the other. */
function createMemory(module: WebAssembly.Module) {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const all = new Uint8Array(memory.buffer);
  let [end, state] = [65_536, 1];
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
  const take = (bytes: number): number => {
    const at = end;
    end += Math.ceil((bytes + SLACK) / 16) * 16;
    return at;
  };
  return {
    kernels: exports as unknown as Readonly<Record<string, Kernel>>,
    take,
    /** Random bytes: activations of 7 bits, or weights. */
    bytes(count: number, signed = false): number {
      const at = take(count);
      for (let i = 0; i < count; i++) all[at + i] = signed ? (draw() % 255) - 127 : draw() & 127;
      return at;
    },
    /** Random whole numbers from `low` on, or floats between −2 and 2. */
    words(count: number, low: number, range: number): number {
      const at = take(4 * count);
      const words = new Int32Array(all.buffer, at, count);
      for (let i = 0; i < count; i++) words[i] = low + (draw() % range);
      return at;
    },
    floats(count: number): number {
      const at = take(4 * count);
      const floats = new Float32Array(all.buffer, at, count);
      for (let i = 0; i < count; i++) floats[i] = (draw() % 4001) / 1000 - 2;
      floats[count - 1] = NaN;
      return at;
    },
    results: (at: number, count: number) => all.slice(at, at + count),
  };
}

/** N C H W O kh kw sh sw ph pw dilationH dilationW P Q, and groups. */
const convolutions: readonly (readonly [string, number, ...number[]])[] = [
  ['convInt8', 1, 2, 1, 32, 32, 6, 5, 5, 1, 1, 0, 0, 1, 1, 28, 28],
  ['convInt8', 1, 3, 6, 14, 14, 16, 5, 5, 1, 1, 0, 0, 1, 1, 10, 10],
  ['convInt8', 1, 1, 400, 7, 1, 120, 1, 1, 1, 1, 0, 0, 1, 1, 7, 1],
  ['convInt8', 1, 1, 84, 1, 1, 10, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1],
  ['convInt8', 1, 2, 3, 15, 13, 20, 3, 3, 2, 2, 1, 1, 1, 1, 8, 7],
  ['convInt8Grouped', 3, 2, 9, 9, 8, 15, 3, 2, 1, 2, 1, 0, 2, 3, 7, 3],
  ['convInt8Depthwise', 21, 2, 21, 9, 9, 21, 3, 3, 1, 1, 1, 1, 1, 1, 9, 9],
];

type Memory = ReturnType<typeof createMemory>;

/** Every convolution with each kind of shift and a table. */
function convolve(memory: Memory, outputs: Uint8Array[]): void {
  for (const [name, groups, ...extents] of convolutions) {
    const [N, C, H, W, O, kh, kw] = extents as [number, ...number[]] as number[];
    const [P, Q] = extents.slice(-2) as [number, number];
    const count = N! * P * Q * O!;
    const x = memory.bytes(N! * C! * H! * W!);
    const w = memory.bytes((C! + 16) * kh! * (kw! + 4) * (O! + 8), true);
    const bias = memory.words(O! + 4, -20_000, 40_000);
    const table = memory.bytes(256);
    const workspace = memory.take(80_000);
    for (const [shift, low, range, at] of [
      [32, 2 ** 18, 2 ** 22, 0],
      [40, 2 ** 28, 2 ** 30, table],
      [9, 0, 4, 0],
    ] as const) {
      const m = memory.words(O! + 4, low, range);
      const y = memory.take(count);
      const leading = name === 'convInt8Grouped' ? [groups, ...extents] : extents;
      memory.kernels[name]!(...leading, 7, x, w, bias, m, shift, 9, 9, 120, at, y, workspace);
      outputs.push(memory.results(y, count));
    }
    if (name !== 'convInt8') continue;
    const [scale, y] = [memory.floats(O! + 4), memory.take(4 * count)];
    memory.kernels['convInt8Floats']!(...extents, 7, x, w, bias, scale, y, workspace);
    // NaN, the last of the scales, has bits of the engine's choice, and no output.
    outputs.push(memory.results(y, 4 * count));
  }
}

/** The other kernels. */
function walk({ kernels, bytes, floats, take, results }: Memory, outputs: Uint8Array[]): void {
  const run = (name: string, count: number, operands: readonly number[]) => {
    const y = take(count);
    kernels[name]!(...operands, y);
    outputs.push(results(y, count));
  };
  const [a, b, table] = [bytes(4000), bytes(4000), bytes(128)];
  const windows = [2, 14, 11, 6, 3, 2, 2, 1, 1, 1, 7, 12];
  run('maxPoolInt8', 2 * 7 * 12 * 6, [...windows, a]);
  for (const [m, shift] of [
    [5461, 15],
    [2 ** 29, 32],
  ] as const)
    for (const counted of [0, 1])
      run('avgPoolInt8', 2 * 7 * 12 * 6, [...windows, counted, 30, m, shift, 64, a]);
  run('addInt8', 3000, [3000, 5, 20_000, 60, 9000, 14, 40, 40, 127, a, b]);
  run('addInt8', 3000, [3000, 5, 2 ** 29, 60, 2 ** 30, 31, 40, 0, 127, a, b]);
  run('rescaleInt8', 9 * 50 + 21, [10, 21, 30, 50, 11, 9999, 13, 64, 0, 127, a]);
  run('tableInt8', 999, [999, a, table]);
  run('fillInt8', 99, [99, 3]);
  for (const [N, C, area] of [
    [2, 3, 49],
    [3, 1, 100],
    [2, 6, 9],
  ] as const) {
    const count = N * C * area;
    run('quantizePlanes', count, [N, C, area, 37.25, 60, floats(count)]);
    run('dequantizePlanes', 4 * count, [N, C, area, 0.0271, 60, a]);
  }
}

/** The SHA-256 of all results. */
export async function int8Bits(module: WebAssembly.Module): Promise<string> {
  const memory = createMemory(module);
  const outputs: Uint8Array[] = [];
  // Twice over, as engines recompile what is hot.
  for (let round = 0; round < 2; round++) {
    convolve(memory, outputs);
    walk(memory, outputs);
  }
  const bytes = new Uint8Array(await new Blob(outputs as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
