/** Threads of Node, Deno and Bun: piscina owns them, and is loaded only where there are some. */
import { availableParallelism } from 'node:os';
import { LanewiseError } from '../base/errors.js';
import { addNote } from '../platform/notes.js';
import type { ThreadMode, Threads, ThreadsRequest } from '../platform/threads.js';

export const machineParallelism = (): number => availableParallelism();

/** Node's permission model, where it is on. */
const mayThread = (): boolean => process.permission?.has('worker') ?? true;

const isDeno = 'Deno' in globalThis;

/** In Deno and Bun a thread that has used up its memory tells nobody, and who waits for it waits for ever. */
const isNode = !(isDeno || 'Bun' in globalThis);

export async function threadMode(): Promise<ThreadMode> {
  if (mayThread()) return 'shared';
  addNote(
    'worker threads are not permitted to this process: training runs in the calling thread; --allow-worker permits them',
  );
  return 'none';
}

/**
 * Threads that are replaced when they die. piscina does not replace one that dies again while it starts, and then keeps what
 * waits for it waiting: a pool that lacks a thread is given up with all its tasks, and the next task has a new one.
 * @throws LanewiseError kind 'platform' if the platform refuses threads.
 */
export async function createThreads(request: ThreadsRequest): Promise<Threads> {
  const { Piscina } = await import('piscina');
  const create = () => attempt(() => new Piscina(optionsOf(request)));
  let piscina: InstanceType<typeof Piscina> | undefined;
  let isClosed = false;
  const waiting = new Set<(error: Error) => void>();

  /** Looked at once piscina has replaced a thread, or has not. */
  function giveUpIfBroken(pool: typeof piscina): void {
    if (pool !== piscina || isClosed || pool!.threads.length === request.count) return;
    piscina = undefined;
    for (const reject of waiting) reject(new Error('a thread ended while it started, twice'));
    void pool!.destroy();
  }

  function poolAtHand(): InstanceType<typeof Piscina> {
    if (piscina) return piscina;
    const pool = create();
    // A thread that dies is replaced; between two tasks nobody has missed it, in one its rejection tells of it.
    pool.on('error', () => {});
    pool.on('workerDestroy', () => setImmediate(giveUpIfBroken, pool));
    return (piscina = pool);
  }

  poolAtHand();
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        waiting.add(reject);
        poolAtHand()
          .run(task)
          .then(resolve, reject)
          .finally(() => waiting.delete(reject));
      }),
    async close() {
      isClosed = true;
      await piscina?.destroy();
    },
  };
}

const optionsOf = ({ entry, count, setup, heapMegabytes }: ThreadsRequest) => ({
  filename: urlOf(entry),
  minThreads: count,
  maxThreads: count,
  concurrentTasksPerWorker: 1,
  ...(heapMegabytes && isNode ? { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } } : {}),
  workerData: setup,
  ...(isDeno ? { env: entry === 'worker' ? {} : environmentAtHand() } : {}),
});

function attempt<T>(create: () => T): T {
  try {
    return create();
  } catch (error) {
    throw new LanewiseError(
      'platform',
      `worker threads cannot be started: ${(error as Error).message}`,
      'workers: 0 trains in the calling thread, decoders: 0 reads samples in it',
      { cause: error },
    );
  }
}

/**
 * In Deno, for readers of samples that ask it something. Threads that train ask nothing, and piscina reads variables in
 * every thread, which Deno takes for a failure where it may not: a thread that never starts, and a pool that waits for it.
 */
function environmentAtHand(): NodeJS.ProcessEnv {
  try {
    return { ...process.env };
  } catch {
    return {};
  }
}

/** How a decoder thread makes a reader of ours: the file of workers/, and what it is given. */
export const readerModule = <Settings>(
  name: 'subset-reader',
  settings: Settings,
): { readonly url: string; readonly settings: Settings } | undefined => ({
  url: urlOf(name),
  settings,
});

const urlOf = (name: string): string => new URL(`../../workers/${name}.js`, import.meta.url).href;
