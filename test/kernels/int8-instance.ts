/** Kernels on bytes on a memory of their own. */
import { FIRST_FREE_BYTE } from '../../src/engine/memory.js';
import {
  instantiateInt8,
  loadInt8,
  relaxedDotIsExact,
  type Int8Build,
  type Int8Kernels,
} from '../../src/engine/int8-kernels.js';
import { SLACK } from '../../src/program/int8-scratch.js';

export interface Int8Instance {
  readonly kernels: Int8Kernels;
  /** Copies values in and returns their address. */
  put(values: Float32Array | Int32Array | Uint8Array | Int8Array): number;
  /** Reserves bytes, filled with 0xa5, as are those behind. */
  reserve(bytes: number): number;
  bytes(at: number, count: number): Uint8Array;
  floats(at: number, count: number): Float32Array;
  /** Frees all that is reserved. */
  clear(): void;
}

export const int8Builds: readonly Int8Build[] = relaxedDotIsExact()
  ? ['int8-plain', 'int8-relaxed']
  : ['int8-plain'];

export async function createInt8Instance(build: Int8Build, megabytes = 8): Promise<Int8Instance> {
  const pages = megabytes * 16;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const kernels = instantiateInt8(await loadInt8(build), memory);
  const all = new Uint8Array(memory.buffer);
  let end = FIRST_FREE_BYTE;
  const reserve = (bytes: number) => {
    const at = end;
    end += Math.ceil((bytes + SLACK) / 16) * 16;
    if (end > all.length) throw new Error('test memory is too small');
    all.fill(0xa5, at, end);
    return at;
  };
  return {
    kernels,
    reserve,
    put(values) {
      const at = reserve(values.byteLength);
      all.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
      return at;
    },
    bytes: (at, count) => all.slice(at, at + count),
    floats: (at, count) => new Float32Array(all.slice(at, at + count * 4).buffer),
    clear: () => void (end = FIRST_FREE_BYTE),
  };
}
