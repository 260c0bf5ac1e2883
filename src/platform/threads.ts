/** What every platform gives the core as `#platform/threads`: src/node and src/web have it. */
import type { ErrorKind } from '../base/errors.js';

/**
 * How a platform lends out processors: threads on one shared memory; one thread with a memory of its own, where
 * memory cannot be shared; or nothing but the calling thread.
 */
export type ThreadMode = 'shared' | 'own' | 'none';

export interface ThreadsRequest {
  /** Which of workers/ they run. */
  readonly entry: 'worker' | 'decoder';
  readonly count: number;
  /** What each is given when it starts. */
  readonly setup: unknown;
  /** Of JavaScript objects, each. */
  readonly heapMegabytes?: number;
}

export interface Threads {
  /** Hands a task to a thread that is idle, or to the next that is. `transfer` moves instead of being copied. */
  run(task: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
  /** Ends them, and what they are at. */
  close(): Promise<void>;
}

/** What is posted to a browser's worker thread, one of the two; nothing when its run is over. */
export interface ThreadMessage {
  readonly setup?: unknown;
  readonly task?: unknown;
}

/** What it answers to a task; and once, undefined, that it runs. */
export type ThreadReply =
  | { readonly result: unknown }
  | { readonly error: string; readonly kind?: ErrorKind; readonly hint?: string };
