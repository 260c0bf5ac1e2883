/**
 * Threads of a browser: module workers, which share memory on pages that are isolated from other origins
 * (Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp).
 */
import { addNote, given } from '../platform/given.js';
import type { ThreadMode, ThreadReply, Threads, ThreadsRequest } from '../platform/threads.js';

export const machineParallelism = (): number => globalThis.navigator?.hardwareConcurrency ?? 1;

/** Workers that nobody uses at the moment; the next run takes them. */
let idle: Worker[] = [];

let mode: Promise<ThreadMode> | undefined;

/** Found out once: what the page may do, and whether a worker starts. */
export const threadMode = (): Promise<ThreadMode> => (mode ??= findMode());

async function findMode(): Promise<ThreadMode> {
  // An edge worker.
  if (typeof Worker === 'undefined') {
    addNote('there are no worker threads here: training runs in the calling thread');
    return 'none';
  }
  const isIsolated = globalThis.crossOriginIsolated === true;
  const isPage = typeof document !== 'undefined';
  if (!isIsolated) {
    const instead = isPage
      ? 'one worker thread with a memory of its own'
      : 'this thread, which is no page’s';
    addNote(
      `memory cannot be shared, as the page is not cross-origin isolated: training runs in ${instead}; the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp give it all processors`,
    );
    if (!isPage) return 'none';
  }
  try {
    idle.push(await startWorker());
  } catch (error) {
    addNote(
      `worker threads cannot be started (${(error as Error).message}): training runs in the calling thread, and a page is slow meanwhile; serve the package's worker.js from the page's own origin, or say where it is: init({ worker: '/worker.js' })`,
    );
    return 'none';
  }
  return isIsolated ? 'shared' : 'own';
}

/** A worker that has said that it runs. @throws Error with the reason if it does not. */
function startWorker(): Promise<Worker> {
  return new Promise((resolve, reject) => {
    // Written out, so that bundlers find the script.
    const worker = given.worker
      ? new Worker(given.worker, { type: 'module', name: 'lanewise' })
      : new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'lanewise' });
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error(event.message || 'its script cannot be loaded'));
    };
  });
}

/** A worker, and what to do with its answer while it has a task. */
interface Thread {
  readonly worker: Worker;
  answer?: (reply: ThreadReply) => void;
}

export async function createThreads({ count, setup }: ThreadsRequest): Promise<Threads> {
  const taken = idle.splice(0, count);
  const started = Array.from({ length: count - taken.length }, startWorker);
  const threads = [...taken, ...(await Promise.all(started))].map((worker): Thread => ({ worker }));
  const waiting: (() => void)[] = [];
  for (const thread of threads) {
    const { worker } = thread;
    const answer = (reply: ThreadReply) => {
      const done = thread.answer;
      delete thread.answer;
      done?.(reply);
      waiting.shift()?.();
    };
    worker.onmessage = ({ data }: MessageEvent<ThreadReply>) => answer(data);
    worker.onerror = (event) => {
      event.preventDefault();
      answer({ error: event.message || 'it stopped' });
    };
    worker.onmessageerror = () => answer({ error: 'its answer could not be read' });
    worker.postMessage({ setup });
  }
  const isBusy = () => threads.some(({ answer }) => answer);
  return {
    async run(task, transfer = []) {
      let thread = threads.find(({ answer }) => !answer);
      while (!thread) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        thread = threads.find(({ answer }) => !answer);
      }
      const free = thread;
      const reply = await new Promise<ThreadReply>((resolve) => {
        free.answer = resolve;
        free.worker.postMessage({ task }, [...transfer]);
      });
      if ('error' in reply) throw new Error(reply.error);
      return reply.result;
    },
    async close() {
      const workers = threads.map(({ worker }) => worker);
      if (isBusy()) {
        for (const worker of workers) worker.terminate();
        return;
      }
      // They let go of the memory.
      for (const worker of workers) worker.postMessage({});
      idle = [...idle, ...workers];
      for (const worker of idle.splice(machineParallelism())) worker.terminate();
    },
  };
}

/** Here samples are read by the calling thread. */
export const readerModule = (_name: string, _settings: unknown): undefined => undefined;
