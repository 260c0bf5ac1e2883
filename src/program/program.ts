/**
 * The type of programs, which graphs compile to and the engine runs. They are plain data, so they can be printed,
 * compared, stored and posted to a worker.
 */
import type { KernelName, OperandsOf } from './kernel-table.js';

/**
 * The memory segments of buffers. `parameters`, `gradients`, `state` and `rates` belong to the training step; `batch`
 * holds a shard's samples and labels; `results` what is read after a run; `activations` and `workspace` are the
 * program's own scratch.
 */
export const segments = [
  'parameters',
  'gradients',
  'state',
  'rates',
  'batch',
  'results',
  'activations',
  'workspace',
] as const;
export type Segment = (typeof segments)[number];

/** A byte offset into a segment. */
export interface Address {
  readonly segment: Segment;
  readonly offset: number;
}

/** A plain number, or an address that linking turns into a pointer. */
export type Operand = number | Address;

export interface KernelCall {
  readonly kernel: KernelName;
  readonly operands: readonly Operand[];
  /** The part of the model that this computes: `c1` or `c1 gradient`. */
  readonly label: string;
  /** Multiplications and additions, for benchmarks; 0 where they do not determine the time. */
  readonly flops: number;
  /** Bytes of the op's tensors, each once; absent for calls outside the graph, such as updates. */
  readonly bytes?: number;
}

export interface Program {
  readonly name: string;
  readonly calls: readonly KernelCall[];
  /**
   * In a program that also updates parameters: the number of calls after which all outputs are in their places, and before
   * which no parameter is written.
   */
  readonly updatesFrom?: number;
  /** Bytes of scratch the program needs. */
  readonly activationBytes: number;
  readonly workspaceBytes: number;
  /** Bytes of all intermediate buffers without reuse, to show what liveness analysis saves. */
  readonly unsharedBytes: number;
}

/** One method per kernel, which appends a call to a program. */
export type Emitter = {
  readonly [K in KernelName]: (...operands: OperandsOf<K, Address>) => void;
};

/** Buffers start at multiples of this many bytes: a cache line, and a multiple of a vector. */
export const ALIGNMENT = 64;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export const address = (segment: Segment, offset: number): Address => ({ segment, offset });

/** `at` advanced by `bytes`. */
export const advance = (at: Address, bytes: number): Address =>
  address(at.segment, at.offset + bytes);
