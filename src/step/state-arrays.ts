/**
 * The training state in a run's memory beside the weights: the optimizer's arrays and the average. A checkpoint stores
 * them by name: `optimizer.0.conv1.weight`, `average.conv1.weight`.
 */
import { trainedEntries } from './parameters.js';
import type { RunPlan } from './run-plan.js';

export interface StateEntry {
  readonly name: string;
  /** The parameter it belongs to, whose shape it has. */
  readonly parameter: string;
  /** Byte offset in the `state` region. */
  readonly offset: number;
  readonly count: number;
}

/** All arrays of state, in a fixed order; sums recomputed in each step are not state. */
export function stateEntries({ parameters, update }: RunPlan): StateEntry[] {
  if (!update) return [];
  const { stateArrays, averageOffset } = update;
  const arrays = Array.from({ length: stateArrays }, (_, i) =>
    trainedEntries(parameters).map(({ name, offset, count }) => ({
      name: `optimizer.${i}.${name}`,
      parameter: name,
      offset: i * parameters.trainedBytes + offset,
      count,
    })),
  );
  const averaged = parameters.entries
    .filter(({ role }) => averageOffset !== undefined && role !== 'fixed')
    .map(({ name, offset, count }) => ({
      name: `average.${name}`,
      parameter: name,
      offset: averageOffset! + offset,
      count,
    }));
  return [...arrays.flat(), ...averaged];
}
