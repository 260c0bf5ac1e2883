/**
 * What a program file says besides the model's weights: the JSON under `program` in the metadata of a safetensors
 * file. Such a file is a model file with this in it, so that whatever reads model files reads it too.
 */
import type { PerChannel } from '../graph/input-scale.js';
import type { Shape } from '../graph/tensor.js';
import type { Segment } from '../program/program.js';

/** Version of the JSON; the kernels are known by their names and operands. */
export const PROGRAM_VERSION = 1;

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
  /** Of one sample, as the kernels get it: (v − mean)/deviation, v/255 for bytes. */
  readonly shape: Shape;
  readonly mean: PerChannel;
  readonly deviation: PerChannel;
  /** For whole numbers: each is below this. */
  readonly vocabulary?: number;
  /** For lengths of sequences: each is from 1 to this. */
  readonly lengths?: number;
  /** Byte of the batch segment where the samples go. */
  readonly at: number;
}

/** A kernel's name and operands: numbers, addresses, and as text what JSON has no number for (−0, ±∞). */
export type StoredCall = readonly [kernel: string, ...operands: (number | string)[]];

export interface StoredProgram {
  readonly version: typeof PROGRAM_VERSION;
  /** Of each segment, in the order in which they stand in memory. */
  readonly bytes: Readonly<Record<StoredSegment, number>>;
  /** Byte of the parameters segment where a tensor of the file goes, by name. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly inputs: readonly StoredInput[];
  /** Byte of the results segment, and the shape for one sample. */
  readonly output: { readonly name: string; readonly shape: Shape; readonly at: number };
  /** By the number of samples that they take, from the largest to 1. */
  readonly programs: readonly { readonly samples: number; readonly calls: readonly StoredCall[] }[];
}
