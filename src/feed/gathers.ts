/** The gathering of shards by a worker, from all columns of each data set, stored or augmented. */
import type { Place } from '../data/transforms/draw.js';
import type { Kernels } from '../engine/wasm.js';
import type { Augment } from './augment.js';
import type { DatasetPlan, PlacedColumn } from './dataset-plan.js';
import { createColumnGather, gatherBytes } from './gather.js';

/** Gathers the `count` samples at `positions` to the worker's leaves; `place` is that of the first sample. */
export type Gather = (positions: number, count: number, place: Readonly<Place>) => void;

/** Gathers one column, to `to`. */
export type ColumnGather = Augment;

/**
 * One function per column, by data set.
 * @param room the worker's own memory for the scales and transforms of all columns in sequence
 */
export function createColumnGathers(
  datasets: readonly DatasetPlan[],
  kernels: Kernels,
  memory: WebAssembly.Memory,
  room: number,
): ColumnGather[][] {
  let end = room;
  const columnGather = (column: PlacedColumn): ColumnGather => {
    const at = end;
    end += gatherBytes(column);
    return createColumnGather(kernels, memory, column, at);
  };
  return datasets.map(({ columns }) => columns.map(columnGather));
}

/** Gathers all columns of a data set; `batch` is the address of the worker's leaves. */
export function createGather(
  { columns }: DatasetPlan,
  gathers: readonly ColumnGather[],
  batch: number,
): Gather {
  return (positions, count, place) => {
    for (let c = 0; c < columns.length; c++)
      gathers[c]!(positions, count, batch + columns[c]!.to, place);
  };
}
