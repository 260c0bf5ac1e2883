/** The entry of a worker thread in Node, Deno and Bun. */
import { workerData } from 'node:worker_threads';
import { createThread, type WorkerSetup } from '../src/parallel/thread.js';

export default createThread(workerData as WorkerSetup);
