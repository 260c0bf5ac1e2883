/**
 * A program split into independent parts, such as the rows of a product, for all workers. Every worker runs its own
 * part, and all meet before the next repetition.
 */
import { link, run, type Bases } from '../engine/link.js';
import { instantiate } from '../engine/wasm.js';
import type { KernelCall } from '../program/program.js';
import { createMeeting } from '../step/meeting.js';
import type { MemoryMap } from '../feed/layout.js';

export interface SplitPlan {
  readonly workers: number;
  /** Memory with a region `control` for the meeting. */
  readonly memory: MemoryMap;
  /** By rank: the worker's calls, and the bases of its segments. */
  readonly parts: readonly { readonly calls: readonly KernelCall[]; readonly bases: Bases }[];
}

/** Runs the whole program `times` times. */
export interface RepeatJob {
  readonly kind: 'repeat';
  readonly times: number;
}

/** Links the part of worker `rank`; see `createWorker`. */
export function createSplitWorker(
  plan: SplitPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  rank: number,
  spins: number,
): (job: RepeatJob) => boolean {
  const kernels = instantiate(module, memory);
  const { calls, bases } = plan.parts[rank]!;
  const program = link(calls, kernels, bases);
  const meet = createMeeting(plan, memory, spins);
  return ({ times }) => {
    for (let i = 0; i < times; i++) {
      run(program);
      if (!meet()) return false;
    }
    return true;
  };
}

/** Worker `rank`'s rows [from, from + count) of `rows`, in whole groups of `group` rows. */
export function rowsOf(
  rows: number,
  group: number,
  rank: number,
  workers: number,
): { from: number; count: number } {
  const groups = Math.ceil(rows / group);
  const boundary = (r: number) => Math.min(rows, Math.floor((groups * r) / workers) * group);
  return { from: boundary(rank), count: boundary(rank + 1) - boundary(rank) };
}
