/** The interface that every platform provides as `#platform/threads`, in src/node and src/web. */
import type { ErrorKind } from '../base/errors.js';

/**
 * How a platform provides processors: threads on one shared memory; one thread with a memory of its own, where memory
 * cannot be shared; or only the calling thread.
 */
export type ThreadMode = 'shared' | 'own' | 'none';

export interface ThreadsRequest {
  /** The script of workers/ that they run. */
  readonly entry: 'worker' | 'decoder';
  readonly count: number;
  /** The setup that each receives when it starts. */
  readonly setup: unknown;
  /** Heap limit of each thread's JavaScript objects. */
  readonly heapMegabytes?: number;
}

export interface Threads {
  /** Gives a task to an idle thread, or to the next one that becomes idle. `transfer` is moved instead of copied. */
  run(task: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
  /** Ends the threads and their current tasks. */
  close(): Promise<void>;
}

/** A message to a browser's worker thread: one of the two, or neither when its run is over. */
export interface ThreadMessage {
  readonly setup?: unknown;
  readonly task?: unknown;
}

/** The reply to a task; and once, undefined, when the thread has started. */
export type ThreadReply =
  | { readonly result: unknown }
  | { readonly error: string; readonly kind?: ErrorKind; readonly hint?: string };
