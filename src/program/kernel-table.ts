/**
 * The table of kernels, one row each, with the kind and size of each operand in order. Everything else follows from
 * these rows: the emitter's methods and the types of the Wasm exports, both lists of exports
 * (scripts/kernel-exports.mjs), the bounds that programs from files are held to (src/inference/operands.ts), the
 * printer's names. Formulae are above the kernels in `assembly/`; test/kernels/ holds every row against the kernel's
 * signature there, and against what the kernel reads and writes.
 *
 * - `N` is a whole number: an extent, a place or a setting; `code<4` one from 0 to 4; `count%4` a multiple of 4
 * - `epsilon~` is any float32, `numH+` a float64 that is finite and not negative, `key0#` 32 bits
 * - `x=N.C` is the address of a buffer of N·C floats that is read, `y>N.C` of one that is written completely,
 *   `p&count` of one that is changed in place. Whole numbers are as long as floats; a float64 is two. `x=*` is a buffer
 *   whose size follows from no operand
 * - `x:N.C` is the address of N·C bytes that are read, at any place; `y!N.C` of bytes that are written completely,
 *   `y^…` of some that are written with others between them
 * - `b?=O` may be 0, for none
 * - `workspace` is the address of scratch, whose size the op computes (src/ops/workspace.ts)
 *
 * A size is a sum of products: `2.N.C`, `radius+1`. `C/groups` is a quotient, rounded up, also of a product: `kw*C/4`;
 * `rows-1` is one less than an extent. `@a` is as long as the strides a0, a1, … reach within the extents n0, n1, ….
 */
import { inferenceKernels } from './inference-rows.js';
import type { int8Kernels } from './int8-rows.js';
import { trainingKernels } from './training-rows.js';

type Rows = typeof inferenceKernels & typeof trainingKernels;

export type KernelName = keyof Rows;

/** Every kernel's row. */
export const kernelRows = (): Rows => ({ ...inferenceKernels, ...trainingKernels });

/** The words of a row: `N C x=N.C` as `['N', 'C', 'x=N.C']`. */
type Words<Row extends string> = Row extends `${infer First} ${infer Rest}`
  ? [First, ...Words<Rest>]
  : [Row];

/** The type of an operand: `Pointer` if the kernel takes an address, else a number. */
type OperandOf<Word extends string, Pointer> = Word extends `${string}?${string}`
  ? Pointer | 0
  : Word extends `${string}${'=' | '>' | '&' | ':' | '!' | '^'}${string}` | 'workspace'
    ? Pointer
    : number;

type Each<Names extends readonly string[], Pointer> = {
  [P in keyof Names]: OperandOf<Names[P], Pointer>;
};

/** The operands of kernel K in order; addresses are of type `Pointer`. */
export type OperandsOf<K extends KernelName, Pointer> = Each<Words<Rows[K]>, Pointer>;

/** A kernel on bytes, whose rows are apart: other builds have them. */
export type Int8Kernel = keyof typeof int8Kernels;

/** The operands of kernel K on bytes. */
export type Int8OperandsOf<K extends Int8Kernel, Pointer> = Each<
  Words<(typeof int8Kernels)[K]>,
  Pointer
>;

/** An operand's name without its notation: `x` of `x=N.C`. */
export const nameOf = (word: string): string => /^\w+/.exec(word)![0];
