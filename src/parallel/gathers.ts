/** How a worker gathers a shard from each data set: columns as they are stored, or through their transforms. */
import type { Place } from '../data/transforms/draw.js';
import type { Kernels } from '../engine/wasm.js';
import { augmentBytes, createAugment } from './augment.js';
import { gatherColumn } from './gather.js';
import type { DatasetPlan, PlacedColumn } from './plan.js';

/** Gathers the `count` samples at `positions` to the worker's leaves; `place` is that of the first of them. */
export type Gather = (positions: number, count: number, place: Readonly<Place>) => void;

/**
 * One function a data set.
 * @param batch where the worker's leaves stand
 * @param room of the worker's own, for the transforms of all columns one after another
 */
export function createGathers(
  datasets: readonly DatasetPlan[],
  kernels: Kernels,
  memory: WebAssembly.Memory,
  batch: number,
  room: number,
): Gather[] {
  let end = room;
  const columnGather = (column: PlacedColumn): Gather => {
    const to = batch + column.to;
    const { augmentation } = column;
    if (!augmentation)
      return (positions, count) => gatherColumn(kernels, column, positions, count, to);
    const augment = createAugment(kernels, memory, column, augmentation, end);
    end += augmentBytes(augmentation);
    return (positions, count, place) => augment(positions, count, to, place);
  };
  return datasets.map(({ columns }) => {
    const gathers = columns.map(columnGather);
    return (positions, count, place) => {
      for (const gather of gathers) gather(positions, count, place);
    };
  });
}
