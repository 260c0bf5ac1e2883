/**
 * The seam between a session and other machines that share its steps (src/cluster). The session's own pool remains; what
 * `share` returns takes its place, and hands whole training jobs out in parts.
 */
import type { Columns } from '../feed/columns.js';
import type { RunMemory } from '../step/run-memory.js';
import type { Pool } from './worker-pool.js';

/** What a machine did, or what became of it. */
export type MachineChange =
  /** It takes part from the next step on. */
  | 'joined'
  /** It left, died or has not been heard of. */
  | 'left'
  /** It may not take part; the reason says why. */
  | 'refused'
  /** Others computed a part of a step that it owed. */
  | 'redone'
  /** A part of its was wrong; the reason names the step. */
  | 'caught'
  /** The coordinator takes the steps by itself, or shares them again, because that is faster; the reason has the times. */
  | 'alone'
  | 'sharing';

/** News of one machine. */
export interface MachineNews {
  readonly machine: string;
  readonly change: MachineChange;
  /** The step at hand, counted from 1; 0 before the first. */
  readonly step: number;
  readonly threads?: number;
  readonly reason?: string;
}

/** Figures of the steps since the run began here. */
export interface MachineFigures {
  /** Machines and threads that share steps now, with this one. */
  readonly machines: number;
  readonly threads: number;
  /** Whether the run takes the faster way by itself, or always shares; absent in earlier logs, whose runs always shared. */
  readonly share?: 'auto' | 'always';
  /** Share of the time of steps in which this machine neither computed nor updated, 0 to 1, since the last call. */
  readonly wire: number;
  /** Bytes that this machine has sent and received for steps, in total. */
  readonly sent: number;
  readonly received: number;
  /**
   * How many times as long the steps would have taken this machine alone, in total: an estimate from the steps that it took alone,
   * or, where it has taken none, from the speed at which it computed its own parts. 1 where no other machine took part.
   */
  readonly gain: number;
  /** Parts that were computed again, in total. */
  readonly redone: number;
  /** Share of all shards that each machine computed, by its name, in total. */
  readonly shares: Readonly<Record<string, number>>;
}

/** A pool whose training jobs are shared with other machines. To close it ends the sharing; the own pool is its session's. */
export interface SharedPool extends Pool {
  /** The weights are in their place: machines are called from now on, and get those that no step changes. */
  begin(): void;
  /**
   * Resolves to whether as many machines have joined as the run is to begin with, for which it waits a little; absent if it
   * begins with any.
   */
  gather?(): Promise<boolean>;
  /** News since the last call. */
  news(): readonly MachineNews[];
  figures(): MachineFigures;
  /** The last step of the next job is checked whole, as its state is to be kept. */
  prove(): void;
  /**
   * Whether the last step has been checked whole, or nothing is to be checked: only then may a state replace the one to which
   * a run returns.
   */
  isProven(): boolean;
}

/** Shards [first, end) of a step, the machine that computed them, and the SHA-256 of what it sent: figures, then the sum. */
export type PartRecord = readonly [first: number, end: number, machine: string, sha256: string];

/** Who computed which parts of a step, counted from 1. */
export interface StepParts {
  readonly step: number;
  readonly parts: readonly PartRecord[];
}

/** What machines are given when a session opens. */
export interface ShareRequest {
  readonly run: RunMemory;
  /** The pool of this machine. */
  readonly own: Pool;
  /** The data sets' columns, with their values; the first is trained on. */
  readonly datasets: readonly Columns[];
}

/** Machines that share the steps of a run. */
export interface Machines {
  /**
   * Shares a session's steps.
   * @throws LanewiseError for data that cannot be shared, such as a stream.
   */
  share(request: ShareRequest): Promise<SharedPool>;
  /** Ends the connection, after the last session. */
  close(): Promise<void>;
}
