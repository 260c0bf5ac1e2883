/**
 * Where each parameter stands in the parameters segment; gradients and optimizer state are laid out alike.
 * Statistics stand behind all that is trained, and what is frozen behind those. In a statistic's place a shard's gradients hold what the shard
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
  /** It keeps its values: nothing is computed for it. */
  readonly isFrozen?: true;
  /** Number of the optimizer's group that trains it; 0 is of all that are in none. */
  readonly group: number;
}

/** What settings say of parameters by name; nothing for a run that only evaluates. */
export interface ParameterRoles {
  isFrozen(name: string): boolean;
  groupOf(name: string): number;
}

const ALL_ALIKE: ParameterRoles = { isFrozen: () => false, groupOf: () => 0 };

/** The entries that the optimizer trains. */
export const trainedEntries = ({ entries }: ParameterLayout): ParameterEntry[] =>
  entries.filter(({ momentum, isFrozen }) => momentum === undefined && !isFrozen);

/** The statistics that training moves. */
export const movingEntries = ({
  entries,
}: ParameterLayout): (ParameterEntry & { readonly momentum: number })[] =>
  entries.flatMap((entry) =>
    entry.momentum === undefined || entry.isFrozen ? [] : [{ ...entry, momentum: entry.momentum }],
  );

export interface ParameterLayout {
  /** In the model's order. */
  readonly entries: readonly ParameterEntry[];
  /** Of what is trained, at the segment's start, padded to whole cache lines. */
  readonly trainedBytes: number;
  /** Of what is trained and of statistics that move: a gradient's size, padded to whole cache lines. */
  readonly gradientBytes: number;
  /** Of the segment, padded to whole cache lines. */
  readonly bytes: number;
}

/** Trained parameters stand group by group, so that each group is one run of values. */
export function layoutParameters(model: Model, roles = ALL_ALIKE): ParameterLayout {
  const offsets = new Map<string, number>();
  let bytes = 0;
  const place = ({ name, shape }: Model['parameters'][number]) => {
    offsets.set(name, bytes);
    bytes += align(sizeOf(shape) * 4);
  };
  const frozen = model.parameters.filter(({ name }) => roles.isFrozen(name));
  const live = model.parameters.filter(({ name }) => !roles.isFrozen(name));
  live
    .filter(({ momentum }) => momentum === undefined)
    .toSorted((a, b) => roles.groupOf(a.name) - roles.groupOf(b.name))
    .forEach(place);
  const trainedBytes = bytes;
  live.filter(({ momentum }) => momentum !== undefined).forEach(place);
  const gradientBytes = bytes;
  frozen.forEach(place);
  const entries = model.parameters.map(({ name, shape, momentum }) => ({
    name,
    offset: offsets.get(name)!,
    count: sizeOf(shape),
    ...(momentum === undefined ? {} : { momentum }),
    ...(roles.isFrozen(name) ? { isFrozen: true as const } : {}),
    group: roles.groupOf(name),
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
