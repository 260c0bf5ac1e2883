/** The memory of a plan and its kernels, as seen by the main thread: regions by name. */
import { allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule, type Kernels } from '../engine/wasm.js';
import { baseOf } from '../feed/layout.js';
import { CONTROL } from './meeting.js';
import type { RunPlan } from './run-plan.js';

export interface RunMemory {
  readonly plan: RunPlan;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
  /** The words of CONTROL. */
  readonly control: Int32Array;
  /** `count` floats of a region, from byte `offset` of it. */
  viewOf(region: string, offset: number, count: number): Float32Array<ArrayBuffer>;
  /** All of a region. */
  bytesOf(region: string): Uint8Array<ArrayBuffer>;
}

/** Allocates what the plan needs. @throws LanewiseError kind 'memory' if the engine refuses. */
export async function openMemory(plan: RunPlan, isShared: boolean): Promise<RunMemory> {
  const module = await loadModule(plan.numerics, isShared);
  const memory = allocateMemory(plan.memory.bytes, isShared);
  const buffer = memory.buffer as ArrayBuffer;
  return {
    plan,
    module,
    memory,
    kernels: instantiate(module, memory),
    control: new Int32Array(buffer, baseOf(plan.memory, 'control'), CONTROL.updating + 1),
    viewOf: (region, offset, count) =>
      new Float32Array(buffer, baseOf(plan.memory, region) + offset, count),
    bytesOf(region) {
      const { base, bytes } = plan.memory.regions.find(({ name }) => name === region)!;
      return new Uint8Array(buffer, base, bytes);
    },
  };
}
