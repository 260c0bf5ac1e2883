/**
 * The threads of a browser: module workers, which share memory only on cross-origin isolated pages. Such pages have
 * the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.
 */
import { LanewiseError } from '../base/errors.js';
import { given } from '../platform/given.js';
import { addNote } from '../platform/notes.js';
import type { ThreadMode, ThreadReply, Threads, ThreadsRequest } from '../platform/threads.js';

export const machineParallelism = (): number => globalThis.navigator?.hardwareConcurrency ?? 1;

/** Idle workers, which the next run takes. */
const idle: Worker[] = [];

/** A worker that has not started by then never will: its script is another one, or does not arrive. */
const START_MS = 30_000;

let found: { readonly script: string | undefined; readonly mode: Promise<ThreadMode> } | undefined;

/** The thread mode, determined once per script from what the page may do and whether a worker starts. */
export function threadMode(): Promise<ThreadMode> {
  if (!found || found.script !== given.worker) found = { script: given.worker, mode: findMode() };
  return found.mode;
}

async function findMode(): Promise<ThreadMode> {
  if (typeof Worker === 'undefined') {
    addNote('there are no worker threads here: training runs in the calling thread');
    return 'none';
  }
  const isIsolated = globalThis.crossOriginIsolated === true;
  if (!isIsolated && typeof document === 'undefined') {
    addNote(
      `${NOT_ISOLATED}: training runs in the calling thread, which is not a page's; ${HEADERS}`,
    );
    return 'none';
  }
  try {
    idle.push(await startWorker());
  } catch (error) {
    addNote(
      `worker threads cannot be started (${(error as Error).message}): training runs in the calling thread, and the page is slow in the meantime; serve the package's worker.js from the page's origin with the page's headers, allow worker-src 'self' in its Content-Security-Policy, or say where it is: init({ worker: '/worker.js' })`,
    );
    return 'none';
  }
  if (isIsolated) return 'shared';
  addNote(
    `${NOT_ISOLATED}: training runs in one worker thread with a memory of its own; ${HEADERS}`,
  );
  return 'own';
}

const NOT_ISOLATED = 'memory cannot be shared, as the page is not cross-origin isolated';
const HEADERS =
  'the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp give it all processors';

/** A worker that has started. @throws Error with the reason if it does not start. */
function startWorker(): Promise<Worker> {
  return new Promise((resolve, reject) => {
    // The URL is written out, so that bundlers find the script.
    const worker = given.worker
      ? new Worker(given.worker, { type: 'module', name: 'lanewise' })
      : new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'lanewise' });
    const fail = (reason: string) => {
      clearTimeout(timer);
      worker.terminate();
      reject(new Error(reason));
    };
    const timer = setTimeout(() => fail('its script does not answer'), START_MS);
    worker.onmessage = () => {
      clearTimeout(timer);
      // From here on an error is the task's, not the start's.
      worker.onerror = null;
      resolve(worker);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message || 'its script cannot be loaded');
    };
  });
}

/** `count` workers, idle ones first. @throws LanewiseError kind 'platform' if one does not start; the others are kept. */
async function takeWorkers(count: number): Promise<readonly Worker[]> {
  const taken = idle.splice(0, count);
  const started = await Promise.allSettled(
    Array.from({ length: count - taken.length }, startWorker),
  );
  const workers = [...taken];
  for (const outcome of started) if (outcome.status === 'fulfilled') workers.push(outcome.value);
  const failure = started.find((outcome) => outcome.status === 'rejected');
  if (!failure) return workers;
  release(workers);
  throw new LanewiseError(
    'platform',
    `of ${count} worker threads ${workers.length} could be started: ${(failure.reason as Error).message}`,
    `use fewer workers, such as workers: ${Math.max(1, workers.length)}`,
    { cause: failure.reason },
  );
}

/** Keeps workers for the next run, as many as there are processors. */
function release(workers: readonly Worker[]): void {
  idle.push(...workers);
  for (const worker of idle.splice(machineParallelism())) worker.terminate();
}

/** A worker, and the handler of its answer while it has a task. */
interface Thread {
  readonly worker: Worker;
  answer?: (reply: ThreadReply) => void;
}

export async function createThreads({ count, setup }: ThreadsRequest): Promise<Threads> {
  const threads = (await takeWorkers(count)).map((worker): Thread => ({ worker }));
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
        // This throws for values that cannot be posted.
        free.worker.postMessage({ task }, [...transfer]);
        free.answer = resolve;
      });
      if (!('error' in reply)) return reply.result;
      throw reply.kind
        ? new LanewiseError(reply.kind, reply.error, reply.hint)
        : new Error(reply.error);
    },
    async close() {
      const workers = threads.map(({ worker }) => worker);
      if (isBusy()) {
        for (const { worker, answer } of threads) {
          worker.terminate();
          answer?.({ error: 'it was ended' });
        }
        return;
      }
      // The workers release the memory.
      for (const worker of workers) worker.postMessage({});
      release(workers);
    },
  };
}

/** Undefined, as the calling thread reads samples here. */
export const readerModule = (_name: string, _settings: unknown): undefined => undefined;
