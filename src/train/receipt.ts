/** What the steps of a run leave for its receipt, if it keeps one. Who keeps it is in src/runs. */
import type { Session } from '../crew/session.js';
import type * as Digests from '../step/digests.js';
import type { StepMetrics } from '../step/step-metrics.js';

/** Steps that were taken. */
export interface StepsTaken {
  /** Steps of the run before them. */
  readonly before: number;
  readonly epoch: number;
  /** Number of the first of their minibatches in the epoch. */
  readonly first: number;
  readonly metrics: readonly StepMetrics[];
}

/** Keeps a run's receipt. */
export interface ReceiptKeeper {
  /** What a session needs to digest its state. */
  readonly digests: typeof Digests;
  /** The whole state is hashed after each step whose number is a multiple of this: no chunk of steps goes beyond it. */
  readonly every: number;
  /**
   * Called once, with the state before the first step here, which is the run's `step`-th.
   * @throws LanewiseError if the receipt is not that of a run that was in this state.
   */
  begin(session: Session, step: number): Promise<void>;
  /** The order of the epoch's samples; absent if they come in a stream, in an order of its own. */
  writeOrder(order: Uint32Array | undefined): void;
  /** Records steps, after which the session's state is as it is; steps that are taken again are recorded anew. */
  add(session: Session, steps: StepsTaken): Promise<void>;
  /** Puts what has been recorded where it is kept. */
  flush(): void;
}
