/** The builds of the kernels on bytes: which one this engine is given, and their instances. */
import { compileBuild } from '#platform/int8-build';
import { instantiate as instantiateModule } from '#platform/kernels';
import type { Int8Kernel, Int8OperandsOf } from '../program/kernel-table.js';
import { mayCompile } from './features.js';
import { FIRST_FREE_BYTE } from './memory.js';
import { checkSimd, compileOnce } from './wasm.js';

/** The module's exports: kernels, and functions that programs do not call. */
export type Int8Kernels = {
  readonly [K in Int8Kernel]: (...operands: Int8OperandsOf<K, number>) => void;
} & {
  heapBase(): number;
  /** c + the dot product of four signed bytes w and four bytes x of 7 bits, as products compute it. */
  byteDot(w: number, x: number, c: number): number;
  /** n planes of h×w samples, bytes or floats, in the middle of as many of H×W: (x·unit + less)·factor. */
  frameSamples(
    n: number,
    h: number,
    w: number,
    H: number,
    W: number,
    isBytes: boolean,
    unit: number,
    less: number,
    factor: number,
    x: number,
    y: number,
  ): void;
};

/** The builds, which give the same bits: one for engines whose relaxed dot product is exact, one for all others. */
export type Int8Build = 'int8-relaxed' | 'int8-plain';

/** (w, x, c) → lane 0 of i32x4.relaxed_dot_i8x16_i7x16_add_s of the three in all lanes. Compiled by asc. */
const DOT_PROBE = /* @__PURE__ */ new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 127, 127, 127, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102,
  0, 0, 10, 22, 1, 20, 0, 32, 0, 253, 17, 32, 1, 253, 17, 32, 2, 253, 17, 253, 147, 2, 253, 27, 0,
  11,
]);

/** Engines recompile hot functions, maybe with another result: this many calls have to agree. */
const CALLS = 56;

/** Bytes at the ends of their ranges, and between; a sum of products of neighbours is beyond 16 bits. */
const SIGNED = [-128, 127, -127, -1, 0, 1, 85];
const SEVEN_BITS = [127, 126, 0, 1, 64, 127, 3, 127];

type Dot = Int8Kernels['byteDot'];

const word = (values: readonly number[], first: number): readonly number[] =>
  [0, 1, 2, 3].map((i) => values[(first + (first % 3) * i) % values.length]!);

const packed = (bytes: readonly number[]): number =>
  bytes.reduce((all, byte, i) => all | ((byte & 255) << (8 * i)), 0);

/** @internal Whether a dot product agrees with whole numbers, call after call. */
export function dotIsExact(dot: Dot): boolean {
  let agreeing = 0;
  for (let i = 0; i < CALLS; i++) {
    const [w, x] = [word(SIGNED, i), word(SEVEN_BITS, i)];
    const c = i % 2 === 0 ? i * 40_000_000 - 1_000_000_000 : -i;
    const sum = w.reduce((total, value, j) => total + value * x[j]!, c);
    if (dot(packed(w), packed(x), c) === sum) agreeing++;
  }
  return agreeing === CALLS;
}

/** Node 20 answers wrongly until its optimising tier has the function. */
const isKnownWrong = (): boolean =>
  /^(8|9|10|11)\./.test(
    (globalThis as { process?: { versions?: { v8?: string } } }).process?.versions?.v8 ?? '',
  );

let verdict: boolean | undefined;

/**
 * Whether `i32x4.relaxed_dot_i8x16_i7x16_add_s` is here and exact for a second operand of 7 bits. False where bytes may not be
 * compiled, such as in edge workers: there the module that is given decides.
 */
export function relaxedDotIsExact(): boolean {
  verdict ??= look();
  return verdict;
}

function look(): boolean {
  if (isKnownWrong() || !WebAssembly.validate(DOT_PROBE) || !mayCompile()) return false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(DOT_PROBE));
  return dotIsExact(exports['f'] as Dot);
}

/** The build for this engine. */
export const int8Build = (): Int8Build => (relaxedDotIsExact() ? 'int8-relaxed' : 'int8-plain');

/** The compiled module of a build, once per process. @throws LanewiseError kind 'engine' if it cannot be compiled. */
export function loadInt8(build: Int8Build): Promise<WebAssembly.Module> {
  checkSimd();
  return compileOnce(build, compileBuild);
}

/** Instantiates the kernels on a memory. */
export function instantiateInt8(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Int8Kernels {
  const kernels = instantiateModule(module, memory) as unknown as Int8Kernels;
  if (kernels.heapBase() > FIRST_FREE_BYTE)
    throw new Error('the kernels’ constants outgrew the first page');
  return kernels;
}
