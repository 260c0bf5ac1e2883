/** The emitters, through which programs are written. */
import type { KernelName } from './kernel-table.js';
import type { Emitter, KernelCall, Operand } from './program.js';

/**
 * An emitter that appends to `calls`, with the current `note()` on each. Its methods are made on first use: a program
 * calls a dozen of some two hundred kernels.
 */
export function createEmitter(
  calls: KernelCall[],
  note: () => Pick<KernelCall, 'label' | 'flops' | 'bytes'>,
): Emitter {
  const append =
    (kernel: KernelName) =>
    (...operands: Operand[]): void => {
      calls.push({ kernel, operands, ...note() });
    };
  return new Proxy({} as Emitter, { get: (_, kernel) => append(kernel as KernelName) });
}
