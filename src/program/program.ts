/**
 * The program: what a graph compiles to and what the engine runs. Plain data, so it can be printed,
 * compared, stored and posted to a worker.
 */
import type { KernelName, OperandsOf } from './kernel-table.js';

/**
 * Where a buffer lives. `parameters`, `gradients`, `state` and `rates` belong to the training step;
 * `batch` holds a shard's samples and labels; `results` what is read after a run; `activations` and
 * `workspace` are the program's own scratch.
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

/** A scalar as it is, or an address that linking turns into a pointer. */
export type Operand = number | Address;

export interface KernelCall {
  readonly kernel: KernelName;
  readonly operands: readonly Operand[];
  /** What in the model this computes: `c1` or `c1 gradient`. */
  readonly label: string;
  /** Multiplications and additions, for benchmarks; 0 where they are not what takes the time. */
  readonly flops: number;
  /** Of the op's tensors, each once; absent for what is no op of a graph, such as an update. */
  readonly bytes?: number;
}

export interface Program {
  readonly name: string;
  readonly calls: readonly KernelCall[];
  /** Bytes of scratch the program needs. */
  readonly activationBytes: number;
  readonly workspaceBytes: number;
  /** Bytes that all intermediate buffers would take without reuse: what liveness analysis saved. */
  readonly unsharedBytes: number;
}

/** One method a kernel; calling it appends the call to a program. */
export type Emitter = {
  readonly [K in KernelName]: (...operands: OperandsOf<K, Address>) => void;
};

/** Buffers start at multiples of this many bytes: a cache line, and a multiple of a vector. */
export const ALIGNMENT = 64;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export const address = (segment: Segment, offset: number): Address => ({ segment, offset });

/** `at` moved by some bytes. */
export const advance = (at: Address, bytes: number): Address =>
  address(at.segment, at.offset + bytes);
