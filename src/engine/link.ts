/**
 * Linking: a program's segments get the addresses of one worker, and each call becomes a function
 * without arguments. Running is a loop over these functions, without allocation or decisions.
 */
import type { KernelCall, Operand, Segment } from '../program/program.js';
import type { Kernels } from './wasm.js';

/** The byte at which each segment starts, for one worker. */
export type Bases = Readonly<Record<Segment, number>>;

export type LinkedProgram = readonly (() => void)[];

export function link(calls: readonly KernelCall[], kernels: Kernels, bases: Bases): LinkedProgram {
  const resolve = (operand: Operand): number =>
    typeof operand === 'number' ? operand : bases[operand.segment] + operand.offset;
  return calls.map(({ kernel, operands }) => {
    const call = kernels[kernel] as (...operands: number[]) => void;
    if (call.length !== operands.length)
      throw new Error(`${kernel} takes ${call.length} operands, got ${operands.length}`);
    return call.bind(null, ...operands.map(resolve)) as () => void;
  });
}

export function run(program: LinkedProgram): void {
  for (const call of program) call();
}
