/** Where each parameter stands in the parameters segment; gradients and optimizer state are laid out alike. */
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { align } from '../program/program.js';

export interface ParameterLayout {
  readonly entries: readonly {
    readonly name: string;
    readonly offset: number;
    readonly count: number;
  }[];
  /** Of the segment, padded to whole cache lines. */
  readonly bytes: number;
}

export function layoutParameters(model: Model): ParameterLayout {
  let bytes = 0;
  const entries = model.parameters.map(({ name, shape }) => {
    const entry = { name, offset: bytes, count: sizeOf(shape) };
    bytes += align(entry.count * 4);
    return entry;
  });
  return { entries, bytes };
}

/** Bytes [from, from + bytes) of the segment that worker `rank` of `workers` updates: whole cache lines. */
export function sliceOf(
  layoutBytes: number,
  rank: number,
  workers: number,
): { from: number; bytes: number } {
  const lines = layoutBytes / align(1);
  const boundary = (r: number) => Math.floor((lines * r) / workers) * align(1);
  return { from: boundary(rank), bytes: boundary(rank + 1) - boundary(rank) };
}
