/** How a worker gathers a shard from each data set: columns as they are stored, or through their transforms. */
import type { Place } from '../data/transforms/draw.js';
import type { Kernels } from '../engine/wasm.js';
import type { Augment } from './augment.js';
import type { DatasetPlan, PlacedColumn } from './dataset-plan.js';
import { createColumnGather, gatherBytes } from './gather.js';

/** Gathers the `count` samples at `positions` to the worker's leaves; `place` is that of the first of them. */
export type Gather = (positions: number, count: number, place: Readonly<Place>) => void;

/** The same of one column, to `to`. */
export type ColumnGather = Augment;

/**
 * One function a column, by data sets.
 * @param room of the worker's own, for the scales and transforms of all columns one after another
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

/** All columns of a data set at once; `batch` is where the worker's leaves stand. */
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
