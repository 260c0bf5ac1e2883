/** The bound of the machine, and matrix products against it: single-threaded. */
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { matmulWorkspace } from '../ops/workspace.js';
import { align } from '../program/program.js';
import { timeCalls } from './measure.js';
import type { Workload } from './workload.js';

/** Multiply-adds on registers alone: what 128-bit SIMD can do on this machine. */
export const ceiling: Workload = async ({ numerics, seconds }) => {
  const kernels = instantiate(
    await loadModule(numerics, false),
    allocateMemory(FIRST_FREE_BYTE, false),
  );
  const rounds = 100_000;
  const timing = timeCalls(() => void kernels.ceiling(rounds), seconds);
  const flops = rounds * (kernels.CEILING_MADDS.value as number) * 4 * 2;
  const gflops = flops / timing.medianMs / 1e6;
  return { ...timing, value: gflops, unit: 'GFLOP/s', gflops };
};

/** c = a·b of m×k and k×n. */
export const sgemm =
  (m: number, k: number, n: number): Workload =>
  async ({ numerics, seconds }) => {
    const sizes = [m * k, k * n, m * n].map((count) => align(count * 4));
    const [a, b, c] = [0, sizes[0]!, sizes[0]! + sizes[1]!].map(
      (offset) => FIRST_FREE_BYTE + offset,
    );
    const workspace = c! + sizes[2]!;
    const memory = allocateMemory(workspace + matmulWorkspace(m, n, k) + 64, false);
    new Float32Array(memory.buffer, a, m * k).fill(0.5);
    new Float32Array(memory.buffer, b, k * n).fill(0.25);
    const kernels = instantiate(await loadModule(numerics, false), memory);
    const timing = timeCalls(
      () => kernels.matmul(0, 0, m, n, k, a!, b!, 0, c!, 0, workspace),
      seconds,
    );
    const gflops = (2 * m * n * k) / timing.medianMs / 1e6;
    return { ...timing, value: gflops, unit: 'GFLOP/s', gflops };
  };
