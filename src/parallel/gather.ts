/** From a column to a leaf's values: what a worker does for its shard, and what is done once for all samples. */
import { instantiate, loadModule, type Kernels } from '../engine/wasm.js';
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { sizeOf } from '../graph/tensor.js';
import { align } from '../program/program.js';
import { augmentBytes, createAugment, UNSEEDED } from './augment.js';
import type { Column } from './column.js';

/** How a column's values reach a leaf; see assembly/gather.ts. */
export interface Gathering extends Pick<
  Column,
  'dtype' | 'extents' | 'scale' | 'shift' | 'border' | 'augmentation'
> {
  /** Where the values stand. */
  readonly values: number;
  readonly isBytes: boolean;
}

/** The leaf's values of the `count` samples at `positions`, to `to`. */
export function gatherColumn(
  kernels: Kernels,
  { values, dtype, isBytes, extents, scale, shift, border }: Gathering,
  positions: number,
  count: number,
  to: number,
): void {
  const [C, h, w, H, W] = extents;
  const bytes = Number(isBytes);
  if (dtype === 'i32') kernels.gatherIntegers(values, bytes, positions, count, w, to);
  else
    kernels.gatherSamples(values, bytes, positions, count, C, h, w, H, W, scale, shift, border, to);
}

/** The leaf's values of all samples, in their order. */
export async function gatherAll(column: Column, count: number): Promise<Float32Array | Int32Array> {
  const { values, shape, dtype, augmentation } = column;
  const order = align(FIRST_FREE_BYTE);
  const source = order + align(count * 4);
  const room = source + align(values.byteLength);
  const to = room + (augmentation ? augmentBytes(augmentation) : 0);
  const memory = allocateMemory(to + align(count * sizeOf(shape) * 4) + 64, false);
  new Uint32Array(memory.buffer, order, count).forEach((_, i, all) => (all[i] = i));
  new Uint8Array(memory.buffer).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    source,
  );
  const kernels = instantiate(await loadModule('strict', false), memory);
  const gathering = { ...column, values: source, isBytes: values instanceof Uint8Array };
  if (augmentation)
    createAugment(kernels, memory, gathering, augmentation, room)(order, count, to, UNSEEDED);
  else gatherColumn(kernels, gathering, order, count, to);
  const Values = dtype === 'i32' ? Int32Array : Float32Array;
  return new Values(memory.buffer, to, count * sizeOf(shape)).slice();
}
