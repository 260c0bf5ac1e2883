/** Gathering from a column to a leaf, by a worker for its shard, or once for all samples. */
import { instantiate, loadModule, type Kernels } from '../engine/wasm.js';
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { sizeOf } from '../graph/tensor.js';
import { align } from '../program/program.js';
import { augmentBytes, createAugment, UNSEEDED, type Augment } from './augment.js';
import type { Column } from './column.js';

/** How a column's values reach a leaf; see assembly/gather.ts. */
export interface Gathering extends Pick<
  Column,
  'dtype' | 'extents' | 'scale' | 'shift' | 'border' | 'scales' | 'augmentation'
> {
  /** Address of the values. */
  readonly values: number;
  readonly isBytes: boolean;
}

/** Bytes that a worker needs to gather a column: its channels' scales, and room for its transforms. */
export const gatherBytes = ({ scales, augmentation }: Pick<Column, 'scales' | 'augmentation'>) =>
  align(scales?.pairs.byteLength ?? 0) + (augmentation ? augmentBytes(augmentation) : 0);

/** Gathers a column, with `gatherBytes` of room at `room`. */
export function createColumnGather(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  column: Gathering,
  room: number,
): Augment {
  const { scales, augmentation } = column;
  if (scales) new Float32Array(memory.buffer).set(scales.pairs, room / 4);
  const take = (from: Gathering, positions: number, count: number, to: number) =>
    gatherColumn(kernels, from, room, positions, count, to);
  if (!augmentation) return (positions, count, to) => take(column, positions, count, to);
  const free = room + align(scales?.pairs.byteLength ?? 0);
  return createAugment(kernels, memory, column, augmentation, free, take);
}

/**
 * Writes the leaf's values of the `count` samples at `positions` to `to`; `pairs` is the address of the channels'
 * scales.
 */
function gatherColumn(
  kernels: Kernels,
  { values, dtype, isBytes, extents, scale, shift, border, scales }: Gathering,
  pairs: number,
  positions: number,
  count: number,
  to: number,
): void {
  const [C, h, w, H, W] = extents;
  const bytes = Number(isBytes);
  if (dtype === 'i32') kernels.gatherIntegers(values, bytes, positions, count, w, to);
  else if (scales)
    kernels.gatherScaled(values, bytes, positions, count, C, h, w, H, W, scales.unit, pairs, to);
  else
    kernels.gatherSamples(values, bytes, positions, count, C, h, w, H, W, scale, shift, border, to);
}

/** The leaf's values of all samples, in order. */
export async function gatherAll(column: Column, count: number): Promise<Float32Array | Int32Array> {
  const { values, shape, dtype } = column;
  const order = align(FIRST_FREE_BYTE);
  const source = order + align(count * 4);
  const room = source + align(values.byteLength);
  const to = room + gatherBytes(column);
  const memory = allocateMemory(to + align(count * sizeOf(shape) * 4) + 64, false);
  new Uint32Array(memory.buffer, order, count).forEach((_, i, all) => (all[i] = i));
  new Uint8Array(memory.buffer).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    source,
  );
  const kernels = instantiate(await loadModule('strict', false), memory);
  const gathering = { ...column, values: source, isBytes: values instanceof Uint8Array };
  createColumnGather(kernels, memory, gathering, room)(order, count, to, UNSEEDED);
  const Values = dtype === 'i32' ? Int32Array : Float32Array;
  return new Values(memory.buffer, to, count * sizeOf(shape)).slice();
}
