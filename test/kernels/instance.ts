/** Kernels on a memory of their own, for tests that call them directly. */
import * as assert from 'uvu/assert';
import { FIRST_FREE_BYTE } from '../../src/engine/memory.js';
import { relaxedMaddIsFused, type Numerics } from '../../src/engine/features.js';
import { instantiate, loadModule, type Kernels } from '../../src/engine/wasm.js';

export interface Instance {
  readonly kernels: Kernels;
  /** Copies values in and returns their address; 64 bytes of NaN stand behind, to catch overruns. */
  put(values: Float32Array | Int32Array | Uint8Array): number;
  /** Reserves `count` floats, filled with NaN. */
  reserve(count: number): number;
  read(at: number, count: number): Float32Array;
  readInts(at: number, count: number): Int32Array;
}

export const availableNumerics: readonly Numerics[] = relaxedMaddIsFused()
  ? ['strict', 'fused']
  : ['strict'];

export async function createInstance(numerics: Numerics, megabytes = 16): Promise<Instance> {
  const pages = megabytes * 16;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const kernels = instantiate(await loadModule(numerics, false), memory);
  let end = FIRST_FREE_BYTE;
  const take = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64 + 64;
    if (end > memory.buffer.byteLength) throw new Error('test memory is too small');
    return at;
  };
  const reserve = (count: number) => {
    const at = take(count * 4);
    new Float32Array(memory.buffer, at, (end - at) / 4).fill(NaN);
    return at;
  };
  return {
    kernels,
    put(values) {
      const at = reserve(Math.ceil(values.byteLength / 4));
      new Uint8Array(memory.buffer, at).set(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
      return at;
    },
    reserve,
    read: (at, count) => new Float32Array(memory.buffer, at, count).slice(),
    readInts: (at, count) => new Int32Array(memory.buffer, at, count).slice(),
  };
}

/** Runs a kernel with `count` results and `bytes` of workspace, exactly as planned, and looks behind both. */
export function assertGuarded(
  { reserve, read }: Instance,
  what: string,
  count: number,
  bytes: number,
  kernel: (y: number, scratch: number) => void,
): void {
  const [y, scratch] = [reserve(count), reserve(Math.ceil(bytes / 4))];
  kernel(y, scratch);
  assert.ok(read(y, count).every(Number.isFinite), `${what}: a result is missing`);
  assert.ok(read(y + count * 4, 1).every(Number.isNaN), `${what}: written behind the result`);
  const end = scratch + Math.ceil(bytes / 4) * 4;
  assert.ok(read(end, 8).every(Number.isNaN), `${what}: written behind the workspace`);
}
