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
  entries.filter(({ role }) => role === 'trained');

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

/** Trained parameters stand group by group, so that each group is one run of values; what is frozen is fixed. */
export function layoutParameters(model: Model, roles = ALL_ALIKE): ParameterLayout {
  const specs = model.parameters.map((spec) => ({
    ...spec,
    role: roles.isFrozen(spec.name) ? ('fixed' as const) : spec.role,
    group: roles.groupOf(spec.name),
  }));
  const inGroups = specs.toSorted((a, b) => a.group - b.group);
  const offsets = new Map<string, number>();
  let bytes = 0;
  /** Places all of one role; answers with the bytes so far. */
  const place = (wanted: ParameterSpec['role']): number => {
    for (const { name, shape, role } of inGroups) {
      if (role !== wanted) continue;
      offsets.set(name, bytes);
      bytes += align(sizeOf(shape) * 4);
    }
    return bytes;
  };
  const [trainedBytes, gradientBytes] = [place('trained'), place('statistic')];
  place('fixed');
  const entries = specs.map(({ name, shape, role, momentum, group }) => ({
    name,
    offset: offsets.get(name)!,
    count: sizeOf(shape),
    role,
    ...(momentum === undefined ? {} : { momentum }),
    group,
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
