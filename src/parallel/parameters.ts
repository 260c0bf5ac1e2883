/**
 * Where each parameter stands in the parameters segment; gradients and optimizer state are laid out alike.
 * Statistics stand behind all that is trained. In their place a shard's gradients hold what the shard
 * observed, so that the tree of folds adds it up like a gradient.
 */
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { align } from '../program/program.js';

export interface ParameterEntry {
  readonly name: string;
  readonly offset: number;
  readonly count: number;
  /** Of a statistic: the share of each minibatch in it. */
  readonly momentum?: number;
}

export interface ParameterLayout {
  /** In the model's order. */
  readonly entries: readonly ParameterEntry[];
  /** Of what is trained, at the segment's start, padded to whole cache lines. */
  readonly trainedBytes: number;
  /** Of the segment, padded to whole cache lines. */
  readonly bytes: number;
}

export function layoutParameters(model: Model): ParameterLayout {
  const isTrained = ({ momentum }: { readonly momentum?: number }) => momentum === undefined;
  const offsets = new Map<string, number>();
  let bytes = 0;
  const place = ({ name, shape }: Model['parameters'][number]) => {
    offsets.set(name, bytes);
    bytes += align(sizeOf(shape) * 4);
  };
  model.parameters.filter(isTrained).forEach(place);
  const trainedBytes = bytes;
  model.parameters.filter((spec) => !isTrained(spec)).forEach(place);
  const entries = model.parameters.map(({ name, shape, momentum }) => ({
    name,
    offset: offsets.get(name)!,
    count: sizeOf(shape),
    ...(momentum === undefined ? {} : { momentum }),
  }));
  return { entries, trainedBytes, bytes };
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
