/** The script of a browser's worker thread, which reports its start, takes a setup, then one task after another. */
import { knowAllTransforms } from '../src/data/transforms/all.js';
import { LanewiseError } from '../src/base/errors.js';
import { createThread, type WorkerSetup, type WorkerTask } from '../src/crew/thread.js';
import type { ThreadMessage, ThreadReply } from '../src/platform/threads.js';

/** The current run's thread function, made with its first task, whose result then reports a failure. */
let thread: ReturnType<typeof createThread> | undefined;
let given: WorkerSetup | undefined;

function answer(task: WorkerTask): ThreadReply {
  try {
    thread ??= createThread(given!);
    return { result: thread(task) };
  } catch (error) {
    if (!(error instanceof LanewiseError)) return { error: String(error) };
    const { message, kind, hint } = error;
    return { error: message, kind, ...(hint ? { hint } : {}) };
  }
}

knowAllTransforms();

globalThis.onmessage = ({ data: { setup, task } }: MessageEvent<ThreadMessage>) => {
  if (task) {
    globalThis.postMessage(answer(task as WorkerTask));
    return;
  }
  thread = undefined;
  given = setup as WorkerSetup | undefined;
};
globalThis.postMessage(undefined);
