/**
 * The stored form of a program: the JSON under `program` in the metadata of a safetensors file. Such a file is also a
 * model file, so everything that reads model files can read it.
 */
import type { Spread } from '../base/spread.js';
import type { PerChannel } from '../graph/input-scale.js';
import type { Shape } from '../graph/tensor.js';
import type { Segment } from '../program/program.js';

/** Version of the JSON; the kernels are identified by their names and operands. */
export const PROGRAM_VERSION = 1;

/** That of programs on bytes, which only `loadQuantized` reads. */
export const QUANTIZED_VERSION = 'int8';

/** The segments of a forward program, by the letters that addresses start with: `p64` is parameters + 64 bytes. */
export const segmentOf = {
  p: 'parameters',
  b: 'batch',
  r: 'results',
  a: 'activations',
  w: 'workspace',
} as const satisfies Readonly<Record<string, Segment>>;

export type StoredSegment = (typeof segmentOf)[keyof typeof segmentOf];

export interface StoredInput {
  readonly name: string;
  /** Shape of one sample as the kernels receive it: (v − mean)/deviation, v/255 for bytes. */
  readonly shape: Shape;
  readonly mean: PerChannel;
  readonly deviation: PerChannel;
  /** Bound on whole numbers: each is below this. */
  readonly vocabulary?: number;
  /** Bound on lengths of sequences: each is from 1 to this. */
  readonly lengths?: number;
  /** Byte offset of the samples in the batch segment. */
  readonly at: number;
}

/** A kernel's name and operands: numbers, addresses, and texts for numbers that JSON lacks (−0, ±∞). */
export type StoredCall = readonly [kernel: string, ...operands: (number | string)[]];

export interface StoredProgram {
  readonly version: typeof PROGRAM_VERSION | typeof QUANTIZED_VERSION;
  /** Bytes of each segment, in the order of their places in memory. */
  readonly bytes: Readonly<Record<StoredSegment, number>>;
  /** Byte offset in the parameters segment of each tensor of the file, by name. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly inputs: readonly StoredInput[];
  readonly output: StoredOutput;
  /** Programs by the number of samples that they take, from the largest to 1. */
  readonly programs: StoredPrograms;
  /** Further outputs that predict targets of a table. */
  readonly others?: readonly { readonly output: StoredOutput; readonly programs: StoredPrograms }[];
}

export interface StoredOutput {
  readonly name: string;
  /** The shape for one sample. */
  readonly shape: Shape;
  /** Byte offset in the results segment. */
  readonly at: number;
  /** Of a quantised model: the byte offset of the output itself, which scores are computed of. */
  readonly raw?: number;
  /** What scores say of the distribution of values, if they do. */
  readonly spread?: Spread;
}

export type StoredPrograms = readonly {
  readonly samples: number;
  readonly calls: readonly StoredCall[];
}[];
