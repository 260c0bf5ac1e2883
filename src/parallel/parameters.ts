/**
 * Where each parameter stands in the parameters segment; gradients and optimizer state are laid out alike.
 * Statistics stand behind all that is trained. In their place a shard's gradients hold what the shard
 * observed, so that the tree of folds adds it up like a gradient. Behind them stands what never changes.
 */
import { sizeOf } from '../graph/tensor.js';
import type { Model, ParameterSpec } from '../layers/index.js';
import { align } from '../program/program.js';

export interface ParameterEntry {
  readonly name: string;
  readonly offset: number;
  readonly count: number;
  readonly role: ParameterSpec['role'];
  /** Of a statistic: the share of each minibatch in it. */
  readonly momentum?: number;
}

export interface ParameterLayout {
  /** In the model's order. */
  readonly entries: readonly ParameterEntry[];
  /** Of what is trained, at the segment's start, padded to whole cache lines. */
  readonly trainedBytes: number;
  /** Of what is trained and of statistics: what a shard has gradients or observations of. */
  readonly gradientBytes: number;
  /** Of the segment, padded to whole cache lines. */
  readonly bytes: number;
}

export function layoutParameters(model: Model): ParameterLayout {
  const offsets = new Map<string, number>();
  let bytes = 0;
  /** Places all of one role; answers with the bytes so far. */
  const place = (wanted: ParameterSpec['role']): number => {
    for (const { name, shape, role } of model.parameters) {
      if (role !== wanted) continue;
      offsets.set(name, bytes);
      bytes += align(sizeOf(shape) * 4);
    }
    return bytes;
  };
  const [trainedBytes, gradientBytes] = [place('trained'), place('statistic')];
  place('fixed');
  const entries = model.parameters.map(({ name, shape, role, momentum }) => ({
    name,
    offset: offsets.get(name)!,
    count: sizeOf(shape),
    role,
    ...(momentum === undefined ? {} : { momentum }),
  }));
  return { entries, trainedBytes, gradientBytes, bytes };
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
