/**
 * Loaded by `node --import` into every thread of a program: lets worker threads die in the middle of their work, at a
 * place that is the same in every run.
 *   LANEWISE_DEATH=<kernel>,<step>,<deaths> LANEWISE_DEATHS=<folder> node --import dying-thread.js program.js
 * A thread that calls the kernel at the step (from 1) or after it ends the thread, so many times; each death leaves a
 * file in the folder, so that the threads that come after know of it. With kernel `memory` it is one that fills its heap.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, workerData } from 'node:worker_threads';
import { baseOf } from '../../src/feed/layout.js';
import { CONTROL } from '../../src/step/meeting.js';
import type { WorkerSetup } from '../../src/crew/thread.js';

const [kernel = '', step = '', deaths = ''] = (process.env['LANEWISE_DEATH'] ?? '').split(',');
const folder = process.env['LANEWISE_DEATHS']!;

function dieIfDue({ memory, plan }: Required<WorkerSetup>): void {
  const control = new Int32Array(memory.buffer, baseOf(plan.memory, 'control'));
  if (control[CONTROL.step]! + 1 < Number(step)) return;
  const { length } = readdirSync(folder);
  if (length >= Number(deaths)) return;
  writeFileSync(join(folder, crypto.randomUUID()), '');
  if (process.env['LANEWISE_HOW'] !== 'memory') process.exit(7);
  const hoard: number[][] = [];
  for (;;) hoard.push(Array<number>(1e5).fill(hoard.length + 0.5));
}

const setup = isMainThread ? undefined : (workerData as Partial<WorkerSetup> | null);
if (setup?.plan && setup.memory) {
  const { Instance } = WebAssembly;
  const patched = function (module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    const exports = { ...new Instance(module, imports).exports };
    const original = exports[kernel] as (...operands: number[]) => number;
    const dying = (...operands: number[]) => {
      dieIfDue(setup as Required<WorkerSetup>);
      return original(...operands);
    };
    // Linking counts operands.
    exports[kernel] = Object.defineProperty(dying, 'length', { value: original.length });
    return { exports };
  };
  Object.assign(WebAssembly, { Instance: patched });
}
