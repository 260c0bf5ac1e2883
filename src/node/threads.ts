/** Threads of Node, Deno and Bun: piscina owns them, and is loaded only where there are some. */
import { availableParallelism } from 'node:os';
import type { ThreadMode, Threads, ThreadsRequest } from '../platform/threads.js';

export const machineParallelism = (): number => availableParallelism();

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
    ...(heapMegabytes ? { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } } : {}),
    workerData: setup,
  });
  // A thread that dies is replaced; between two tasks nobody has missed it, in one its rejection tells of it.
  piscina.on('error', () => {});
  return {
    run: (task) => piscina.run(task) as Promise<unknown>,
    close: () => piscina.destroy(),
  };
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
