/** A session's access to weights and to the rest of the state that training changes. */
import { LanewiseError } from '../base/errors.js';
import type { ParameterSpec } from '../layers/index.js';
import { drawParameter } from '../step/initialize.js';
import { baseOf } from '../feed/layout.js';
import type { RunMemory } from '../step/run-memory.js';
import { stateEntries } from '../step/state-arrays.js';

/** Trained values by parameter name. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** The state that training changes. */
export interface Snapshot {
  readonly parameters: Uint8Array;
  readonly state: Uint8Array;
}

export interface SessionWeights {
  /** Draws initial weights: element e of parameter i is a function of (seed, i, e). */
  initialize(seed: number): void;
  /** Copies of the weights, or with `averaged` of their average, if the plan has one. */
  readWeights(averaged?: boolean): Map<string, Float32Array>;
  /** As `readWeights`, but views, which show what the weights are until the session is closed. */
  viewWeights(averaged?: boolean): Map<string, Float32Array>;
  writeWeights(weights: Weights): void;
  /** Exchanges weights and statistics with their average. */
  swapAverage(): void;
}

export interface SessionState {
  /** Weights and all state, as bytes to return to; reuses the arrays of an earlier snapshot, if one is given. */
  snapshot(into?: Snapshot): Snapshot;
  restore(snapshot: Snapshot): void;
  /** The optimizer's arrays and the average by name (state-arrays.ts), as views that show what they are. */
  viewState(): Map<string, Float32Array>;
  /** Writes arrays of state; arrays that `state` lacks keep their values. */
  writeState(state: Weights): void;
}

export const sessionWeights = (
  { plan, kernels, viewOf }: RunMemory,
  parameters: readonly ParameterSpec[],
): SessionWeights => {
  const viewWeights = (averaged = false) =>
    new Map(
      plan.parameters.entries.map(({ name, role, offset, count }) => {
        const isAverage = averaged && role !== 'fixed';
        return [
          name,
          isAverage
            ? viewOf('state', plan.update!.averageOffset! + offset, count)
            : viewOf('parameters', offset, count),
        ];
      }),
    );
  return {
    initialize(seed) {
      parameters.forEach((spec, i) => {
        const { offset, count } = plan.parameters.entries[i]!;
        const at = baseOf(plan.memory, 'parameters') + offset;
        drawParameter(kernels, spec, i, seed, at, viewOf('parameters', offset, count));
      });
    },
    viewWeights,
    readWeights: (averaged) =>
      new Map([...viewWeights(averaged)].map(([name, values]) => [name, values.slice()])),
    writeWeights(weights) {
      for (const { name, offset, count } of plan.parameters.entries) {
        const values = weights.get(name);
        if (values?.length !== count) {
          throw new LanewiseError(
            'argument',
            `weights of '${name}': ${values?.length ?? 'none'} values, expected ${count}`,
          );
        }
        viewOf('parameters', offset, count).set(values);
      }
    },
    swapAverage() {
      const { gradientBytes } = plan.parameters;
      const weights = viewOf('parameters', 0, gradientBytes / 4);
      const average = viewOf('state', plan.update!.averageOffset!, gradientBytes / 4);
      const before = weights.slice();
      weights.set(average);
      average.set(before);
    },
  };
};

export const sessionState = ({ plan, viewOf, bytesOf }: RunMemory): SessionState => ({
  snapshot(into) {
    if (!into)
      return { parameters: bytesOf('parameters').slice(), state: bytesOf('state').slice() };
    into.parameters.set(bytesOf('parameters'));
    into.state.set(bytesOf('state'));
    return into;
  },
  restore(snapshot) {
    bytesOf('parameters').set(snapshot.parameters);
    bytesOf('state').set(snapshot.state);
  },
  viewState: () =>
    new Map(
      stateEntries(plan).map(({ name, offset, count }) => [name, viewOf('state', offset, count)]),
    ),
  writeState(state) {
    for (const { name, offset, count } of stateEntries(plan)) {
      const values = state.get(name);
      if (values) viewOf('state', offset, count).set(values);
    }
  },
});
