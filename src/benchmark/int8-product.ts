/** The workload of a product of bytes: the whole of a dense layer of integers, with its requantisation. */
import { int8Build, instantiateInt8, loadInt8 } from '../engine/int8-kernels.js';
import { allocateMemory } from '../engine/memory.js';
import { baseOf, layoutMemory } from '../feed/layout.js';
import { SLACK, convInt8Workspace } from '../program/int8-scratch.js';
import { packWeights } from '../quantize/pack-weights.js';
import { timeCalls, timed } from './measure.js';
import type { Workload } from './workload.js';

/** y = bytes of x·w of m×k activations and k×n weights, in one thread; GOP/s count multiplications and additions. */
export const int8Product =
  (m: number, k: number, n: number): Workload =>
  async ({ seconds }) => {
    const build = int8Build();
    const module = await loadInt8(build);
    const layout = layoutMemory({
      x: m * k + SLACK,
      w: n * k + SLACK,
      bias: n * 4 + SLACK,
      factors: n * 4 + SLACK,
      y: m * n + SLACK,
      workspace: convInt8Workspace(k, m, 1, 1, 1, 0, 0),
    });
    const memory = allocateMemory(layout.bytes, false);
    const kernels = instantiateInt8(module, memory);
    const at = (name: string) => baseOf(layout, name);
    new Uint8Array(memory.buffer, at('x'), m * k).fill(64);
    const weights = packWeights(new Int8Array(n * k).fill(1), { O: n, C: k, kh: 1, kw: 1 });
    new Int8Array(memory.buffer, at('w')).set(weights);
    new Int32Array(memory.buffer, at('factors'), n).fill(2 ** 22);
    const extents = [1, k, m, 1, n, 1, 1, 1, 1, 0, 0, 1, 1, m, 1, 0] as const;
    const product = () =>
      kernels.convInt8(
        ...extents,
        at('x'),
        at('w'),
        at('bias'),
        at('factors'),
        ...([32, 0, 0, 127, 0] as const),
        at('y'),
        at('workspace'),
      );
    const found = timed(timeCalls(product, seconds), 'GOP/s', (ms) => (2 * m * n * k) / ms / 1e6);
    return { ...found, gflops: 0, note: `build '${build}'` };
  };
