/** Threads of Node, Deno and Bun: piscina owns them, and is loaded only where there are some. */
import { availableParallelism } from 'node:os';
import type { ThreadMode, Threads, ThreadsRequest } from '../platform/threads.js';

export const machineParallelism = (): number => availableParallelism();

/** In Deno and Bun a thread that has used up its memory tells nobody, and who waits for it waits for ever. */
const isNode = !('Deno' in globalThis || 'Bun' in globalThis);

export const threadMode = async (): Promise<ThreadMode> => 'shared';

export async function createThreads({
  entry,
  count,
  setup,
  heapMegabytes,
}: ThreadsRequest): Promise<Threads> {
  const { Piscina } = await import('piscina');
  const piscina = new Piscina({
    filename: urlOf(entry),
    minThreads: count,
    maxThreads: count,
    concurrentTasksPerWorker: 1,
    ...(heapMegabytes && isNode
      ? { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } }
      : {}),
    workerData: setup,
    env: entry === 'worker' ? {} : environmentAtHand(),
  });
  // A thread that dies is replaced; between two tasks nobody has missed it, in one its rejection tells of it.
  piscina.on('error', () => {});
  return {
    run: (task) => piscina.run(task) as Promise<unknown>,
    close: () => piscina.destroy(),
  };
}

/**
 * For readers of samples that ask it something. Threads that train ask nothing, and piscina reads variables in every
 * thread, which Deno takes for a failure where it may not: a thread that never starts, and a pool that waits for it.
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
