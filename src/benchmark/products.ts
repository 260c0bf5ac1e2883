/** The workloads of matrix products, and the machine's bound against which they are measured. */
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { matmulWorkspace } from '../ops/workspace.js';
import { baseOf, layoutMemory } from '../feed/layout.js';
import { createThreadPool } from '../crew/worker-pool.js';
import { createSplitWorker, rowsOf, type SplitPlan } from '../crew/split-program.js';
import { createEmitter } from '../program/emitter.js';
import { address, align, type KernelCall } from '../program/program.js';
import { timeCalls, timeChunks, timed, type Timing } from './measure.js';
import type { Measurement, Workload } from './workload.js';

/** Multiply-adds on registers alone, the most that 128-bit SIMD can do on this machine. */
export const ceiling: Workload = async ({ numerics, seconds }) => {
  const kernels = instantiate(
    await loadModule(numerics, false),
    allocateMemory(FIRST_FREE_BYTE, false),
  );
  const rounds = 100_000;
  const timing = timeCalls(() => void kernels.ceiling(rounds), seconds);
  const flops = rounds * (kernels.CEILING_MADDS.value as number) * 4 * 2;
  return speedOf(flops, timing);
};

/** c = a·b of m×k and k×n, the rows of c split over the threads. */
export const sgemm =
  (m: number, k: number, n: number): Workload =>
  async ({ threads, numerics, seconds }) => {
    const plan = planProduct(m, k, n, threads);
    const isShared = threads > 1;
    const module = await loadModule(numerics, isShared);
    const memory = allocateMemory(plan.memory.bytes, isShared);
    const at = (name: string) => baseOf(plan.memory, name);
    new Float32Array(memory.buffer, at('a'), m * k).fill(0.5);
    new Float32Array(memory.buffer, at('b'), k * n).fill(0.25);
    const timing = isShared
      ? await timeThreads(plan, module, memory, seconds)
      : timeHere(plan, module, memory, seconds);
    return speedOf(2 * m * n * k, timing);
  };

function speedOf(flops: number, timing: Timing): Measurement {
  const found = timed(timing, 'GFLOP/s', (ms) => flops / ms / 1e6);
  return { ...found, gflops: found.value };
}

/** A multiple of every tile's height, so that no worker gets half a tile. */
const ROW_GROUP = 8;

/** @internal Each worker multiplies its rows of a, and packs b for itself. */
export function planProduct(m: number, k: number, n: number, workers: number): SplitPlan {
  const workspaceBytes = align(matmulWorkspace(m, n, k) + 64);
  const memory = layoutMemory({
    control: 64,
    a: m * k * 4,
    b: k * n * 4,
    c: m * n * 4,
    workspace: workspaceBytes * workers,
  });
  const parts = Array.from({ length: workers }, (_, rank) => {
    const { from, count } = rowsOf(m, ROW_GROUP, rank, workers);
    const calls: KernelCall[] = [];
    const emit = createEmitter(calls, () => ({ label: 'product', flops: 2 * count * n * k }));
    const a = address('batch', from * k * 4);
    const [b, c] = [address('parameters', 0), address('results', from * n * 4)];
    if (count > 0) emit.matmul(0, 0, count, n, k, a, b, 0, c, 0, address('workspace', 0));
    const bases = {
      batch: baseOf(memory, 'a'),
      parameters: baseOf(memory, 'b'),
      results: baseOf(memory, 'c'),
      workspace: baseOf(memory, 'workspace') + workspaceBytes * rank,
      activations: 0,
      gradients: 0,
      state: 0,
      rates: 0,
    };
    return { calls, bases };
  });
  return { workers, memory, parts };
}

function timeHere(
  plan: SplitPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  seconds: number,
): Timing {
  const work = createSplitWorker(plan, module, memory, 0, 0);
  const once = { kind: 'repeat', times: 1 } as const;
  return timeCalls(() => work(once), seconds);
}

async function timeThreads(
  plan: SplitPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  seconds: number,
): Promise<Timing> {
  const pool = await createThreadPool(plan, module, memory);
  try {
    return await timeChunks((times) => pool.run({ kind: 'repeat', times }), seconds);
  } finally {
    await pool.close();
  }
}
