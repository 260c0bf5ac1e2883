/** The entry point of a decoder thread, which receives its sources at the start, then reads tasks' samples. */
import { workerData } from 'node:worker_threads';
import { createDecoder, type DecoderSetup } from '../src/feed/decoder.js';

// Not the default, as in worker.ts.
export const run = createDecoder(workerData as DecoderSetup);
