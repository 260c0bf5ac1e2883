/** The entry point of a worker thread in Node, Deno and Bun. */
import { workerData } from 'node:worker_threads';
import { knowAllTransforms } from '../src/data/transforms/all.js';
import { createThread, type WorkerSetup } from '../src/crew/thread.js';

knowAllTransforms();
export default createThread(workerData as WorkerSetup);
