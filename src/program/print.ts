/** The printer of programs as text: one kernel call per line, named extents, buffers as segment+offset. */
import { kernelRows, nameOf } from './kernel-table.js';
import type { KernelCall, Operand, Program } from './program.js';

const showOperand = (operand: Operand): string =>
  typeof operand === 'number' ? String(operand) : `${operand.segment}+${operand.offset}`;

/** `c1                matmul(transposeA=0, …, a=batch+0, …)` */
export function printCall(call: KernelCall): string {
  const names = kernelRows()[call.kernel].split(' ').map(nameOf);
  const operands = call.operands.map((operand, i) => `${names[i]}=${showOperand(operand)}`);
  return `${call.label.padEnd(18)} ${call.kernel}(${operands.join(', ')})`;
}

export function printProgram(program: Program): string {
  const head = `program ${program.name}: ${program.calls.length} kernel calls, activations ${program.activationBytes} bytes, workspace ${program.workspaceBytes} bytes`;
  return [head, ...program.calls.map((call) => `  ${printCall(call)}`)].join('\n');
}
