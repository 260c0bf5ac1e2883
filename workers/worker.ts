/** The entry point of a worker thread in Node, Deno and Bun. */
import { workerData } from 'node:worker_threads';
import { knowAllTransforms } from '../src/data/transforms/all.js';
import { createThread, type WorkerSetup } from '../src/crew/thread.js';

knowAllTransforms();
// A named export: for a default one Node 20 makes a facade, and aborts if the thread ends meanwhile.
export const run = createThread(workerData as WorkerSetup);
