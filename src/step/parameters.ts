/**
 * The layout of the parameters segment, which gradients and optimizer state share. Statistics follow the trained
 * parameters. In their place a shard's gradients hold the shard's observations, so that the tree of folds adds them up
 * like gradients. Constants come last.
 */
import { sizeOf } from '../graph/tensor.js';
import type { Model, ParameterSpec } from '../layers/index.js';
import { align } from '../program/program.js';

export interface ParameterEntry {
  readonly name: string;
  readonly offset: number;
  readonly count: number;
  readonly role: ParameterSpec['role'];
  /** For a statistic: the weight of each minibatch in it. */
  readonly momentum?: number;
  /** Number of the optimizer's group that trains it; group 0 has all parameters that are in no other. */
  readonly group: number;
}

/** The settings' roles of parameters by name; trivial for a run that only evaluates. */
export interface ParameterRoles {
  isFrozen(name: string): boolean;
  groupOf(name: string): number;
}

const ALL_ALIKE: ParameterRoles = { isFrozen: () => false, groupOf: () => 0 };

/** The entries that the optimizer trains. */
export const trainedEntries = ({ entries }: ParameterLayout): ParameterEntry[] =>
  entries.filter(({ role }) => role === 'trained');

export interface ParameterLayout {
  /** Entries in the model's order. */
  readonly entries: readonly ParameterEntry[];
  /** Bytes of the trained parameters, at the segment's start, padded to whole cache lines. */
  readonly trainedBytes: number;
  /** Bytes of trained parameters and statistics: those that a shard has gradients or observations of. */
  readonly gradientBytes: number;
  /** Bytes of the segment, padded to whole cache lines. */
  readonly bytes: number;
}

/** Lays out the segment. Trained parameters are grouped, so that each group is contiguous; frozen ones are fixed. */
export function layoutParameters(model: Model, roles = ALL_ALIKE): ParameterLayout {
  const specs = model.parameters.map((spec) => ({
    ...spec,
    role: roles.isFrozen(spec.name) ? ('fixed' as const) : spec.role,
    group: roles.groupOf(spec.name),
  }));
  const inGroups = specs.toSorted((a, b) => a.group - b.group);
  const offsets = new Map<string, number>();
  let bytes = 0;
  /** Places all parameters of one role; returns the bytes so far. */
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
    momentum,
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
