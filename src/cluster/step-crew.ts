/** The machines of a run, and a step that they share. */
import type { PartRecord, StepParts } from '../crew/machines.js';
import type { MachineCaught, Pool } from '../crew/worker-pool.js';
import type { RunKey, ShardRange } from '../step/jobs.js';
import type { RunMemory } from '../step/run-memory.js';
import type { Checks, Found } from './checks.js';
import type { Redo } from './cluster-messages.js';
import type { Collector } from './collect-parts.js';
import type { Deadline, Debts } from './debts.js';
import type { Fold } from './fold.js';
import type { Member, Members } from './members.js';
import type { Sending } from './send-step.js';
import type { Tally } from './tally.js';

/** This machine's name in a run. */
export const OWN = 'coordinator';

/** What all steps of a session have in common. */
export interface Crew {
  readonly run: RunMemory;
  readonly own: Pool;
  readonly epoch: number;
  readonly members: Members;
  readonly collector: Collector;
  readonly deadline: Deadline;
  readonly tally: Tally;
  readonly checks: Checks;
  /** Whether parts are checked, and whether each part's hash is needed. */
  readonly isChecking: boolean;
  readonly isHashing: boolean;
  /** Bytes of a piece. */
  readonly pieceSize: number;
  /** Publishes to all machines, and to one. */
  readonly tellAll: (body: Uint8Array) => void;
  readonly tell: (member: Member, message: Redo) => void;
  /** Milliseconds in which this machine has listened. */
  readonly clock: () => number;
  readonly onStep: ((parts: StepParts) => void) | undefined;
  /** Shuts out a machine whose part was wrong; the error with which the run goes back to before its parts. */
  readonly caught: (found: Found, step: number, what: string) => MachineCaught;
  /** Adds to the news. */
  readonly redone: (key: string, step: number, reason: string) => void;
  /** Number of the last sending, and the pieces of parts that each machine may have under way in it. */
  serial: number;
  window: number;
  /** Milliseconds in which parts of others were checked. */
  checkMs: number;
  /** This machine's speed, in samples a millisecond. */
  speed: number | undefined;
  /** As those of members: steps in a row without shards, and after how many it is tried again. */
  idle: number;
  patience: number;
}

/** A step's samples, its place in the job and its random numbers. */
export interface StepAt {
  readonly size: number;
  /** Place of the first sample in the order. */
  readonly start: number;
  /** Its row in rates and metrics. */
  readonly row: number;
  /** Its number in the run, counted from 0. */
  readonly step: number;
  readonly key: RunKey;
}

/** A step at hand. */
export interface SharedStep {
  readonly at: StepAt;
  readonly count: number;
  readonly fold: Fold;
  readonly debts: Debts;
  /** Ranges that this machine computes next. */
  readonly queue: ShardRange[];
  /** Figures of all shards. */
  readonly figures: Float32Array;
  /** Parts of others in the sum, and those with values that are not finite. */
  records: PartRecord[];
  suspects: PartRecord[];
  /** The machines that have the step's weights. */
  receivers: ReadonlySet<string>;
  sending: Sending | undefined;
  /** Milliseconds that the own part took. */
  ownMs: number | undefined;
  isLate: boolean;
  /** Wakes who waits for parts. */
  stir: () => void;
  /** Why the step cannot be completed. */
  error: unknown;
}
