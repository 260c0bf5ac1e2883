/** The threads of Node, Deno and Bun, managed by piscina, which is loaded only where threads are used. */
import { availableParallelism } from 'node:os';
import { LanewiseError } from '../base/errors.js';
import { addNote } from '../platform/notes.js';
import type { ThreadMode, Threads, ThreadsRequest } from '../platform/threads.js';

export const machineParallelism = (): number => availableParallelism();

/** Whether Node's permission model, if enabled, allows worker threads. */
const mayThread = (): boolean => process.permission?.has('worker') ?? true;

const isDeno = 'Deno' in globalThis;

/** In Deno and Bun a thread that runs out of memory reports nothing, and its caller waits for ever. */
const isNode = !(isDeno || 'Bun' in globalThis);

export async function threadMode(): Promise<ThreadMode> {
  if (mayThread()) return 'shared';
  addNote(
    'worker threads are not permitted to this process: training runs in the calling thread; --allow-worker permits them',
  );
  return 'none';
}

/**
 * Threads that are replaced when they die. piscina does not replace one that dies again while it starts, and lets its
 * tasks wait for ever: a pool that lacks a thread is therefore abandoned with all its tasks, and the next task gets a
 * new pool.
 */
export async function createThreads(request: ThreadsRequest): Promise<Threads> {
  const { Piscina } = await import('piscina');
  const create = () => attempt(() => new Piscina(optionsOf(request)));
  let piscina: InstanceType<typeof Piscina> | undefined;
  let isClosed = false;
  const waiting = new Set<(error: Error) => void>();

  /** Called once piscina has, or has not, replaced a thread. */
  function giveUpIfBroken(pool: typeof piscina): void {
    if (pool !== piscina || isClosed || pool!.threads.length === request.count) return;
    piscina = undefined;
    for (const reject of waiting) reject(new Error('a thread ended while it started, twice'));
    void pool!.destroy();
  }

  function poolAtHand(): InstanceType<typeof Piscina> {
    if (piscina) return piscina;
    const pool = create();
    // A dead thread is replaced; between tasks nobody misses it, and during one its task is rejected.
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
  name: 'run',
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
 * The environment for readers of samples in Deno, which may read it. Threads that train read none of it, and piscina
 * reads variables in every thread. Deno treats that as a failure where it is not permitted: the thread never starts,
 * and its pool waits for it.
 */
function environmentAtHand(): NodeJS.ProcessEnv {
  try {
    return { ...process.env };
  } catch {
    return {};
  }
}

/** How a decoder thread makes one of our readers: the file of workers/, and the reader's settings. */
export const readerModule = <Settings>(
  name: 'subset-reader',
  settings: Settings,
): { readonly url: string; readonly settings: Settings } | undefined => ({
  url: urlOf(name),
  settings,
});

const urlOf = (name: string): string => new URL(`../../workers/${name}.js`, import.meta.url).href;
