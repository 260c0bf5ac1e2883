/** The place of a data set in a run's memory, and the path of its samples to the leaves. */
import { sizeOf } from '../graph/tensor.js';
import { storedSize, type Column } from './column.js';
import type { Columns } from './columns.js';
import { isCounts, normLeaf, wholeNorm } from './counts.js';
import type { Gathering } from './gather.js';
import { baseOf, type IoLayout, type MemoryMap } from './layout.js';
import { partnerLeaf } from './mixup.js';

/** A column in memory, and its leaf's offset in the batch segment. */
export interface PlacedColumn extends Gathering {
  readonly to: number;
  /** The offset of the partners’ leaf, if samples are mixed and this is not an input. */
  readonly partner?: number;
  /** The norm of a column of counts. */
  readonly norm?: PlacedNorm;
}

/** The factor that sums of a column's values are multiplied by. */
export interface PlacedNorm {
  /** Offset of its leaf. */
  readonly to: number;
  /** Values per sample. */
  readonly size: number;
  /** Norm over all samples. */
  readonly whole: number;
}

/** A data set in memory. */
export interface DatasetPlan {
  readonly count: number;
  /** Samples that memory has room for: all, or the number of slots in a streamed data set's ring. */
  readonly slots: number;
  readonly columns: readonly PlacedColumn[];
}

/** Bytes of one stored sample. */
export const bytesOf = (column: Column): number =>
  storedSize(column) * column.values.BYTES_PER_ELEMENT;

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** Number of slots: all samples, or as many as `bytes` hold, but at least `least`. */
export function slotsOf({ count, columns, source }: Columns, least: number, bytes: number): number {
  if (!source) return count;
  const sample = sum(columns.map(bytesOf));
  return Math.min(count, Math.max(least, Math.floor(bytes / sample)));
}

export function datasetPlan(
  { count, columns }: Columns,
  slots: number,
  memory: MemoryMap,
  index: number,
  io: IoLayout,
): DatasetPlan {
  return {
    count,
    slots,
    columns: columns.map((column) => {
      const { leaves, values, augmentation, dtype, extents, scale, shift, border, scales } = column;
      return {
        values: baseOf(memory, `${leaves[0]} ${index}`),
        isBytes: values instanceof Uint8Array,
        to: io.leaves.get(leaves[0]!)!,
        partner: io.leaves.get(partnerLeaf(leaves[0]!)),
        dtype,
        extents,
        scale,
        shift,
        border,
        scales,
        augmentation,
        norm: isCounts(column) ? normOf(column, io) : undefined,
      };
    }),
  };
}

const normOf = (column: Column, { leaves }: IoLayout): PlacedColumn['norm'] => ({
  to: leaves.get(normLeaf(column.leaves[0]!))!,
  size: sizeOf(column.shape),
  whole: wholeNorm(column),
});

/** The regions of the data sets' columns. */
export interface ColumnRegions {
  /** Regions of columns in memory. */
  readonly stored: readonly string[];
  /** Rings of columns that a feed writes. */
  readonly streamed: readonly string[];
}

/** Copies the data sets in memory to the run's memory. */
export function writeColumns(
  map: MemoryMap,
  memory: WebAssembly.Memory,
  datasets: readonly Columns[],
): ColumnRegions {
  const stored: string[] = [];
  const streamed: string[] = [];
  datasets.forEach(({ columns, source }, i) => {
    for (const { leaves, values } of columns) {
      const region = `${leaves[0]} ${i}`;
      (source ? streamed : stored).push(region);
      if (source) continue;
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      new Uint8Array(memory.buffer).set(bytes, baseOf(map, region));
    }
  });
  return { stored, streamed };
}
