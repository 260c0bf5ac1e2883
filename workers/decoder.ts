/** The entry of a decoder thread: its sources come when it starts, then it reads tasks' samples. */
import { workerData } from 'node:worker_threads';
import { createDecoder, type DecoderSetup } from '../src/feed/decoder.js';

export default createDecoder(workerData as DecoderSetup);
