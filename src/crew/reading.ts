/** How streamed samples are read: by how many threads, how far ahead. No result depends on it. */
import { wholeFrom, type Checks } from '../base/check.js';
import { decoderCount } from './streams.js';

/** How streamed samples are read ahead; no result depends on it. */
export interface ReadingSettings {
  /** Threads that read and decode streamed samples; default the machine's parallelism, at most 8. 0: the calling thread. */
  readonly decoders?: number;
  /** Bytes of samples read ahead, of each data set that is streamed; default 32 MiB. It is at least 4 minibatches. */
  readonly prefetchBytes?: number;
}

/** What a WebAssembly memory has. */
const MOST_BYTES = 2 ** 32;

export const READING = {
  decoders: decoderCount,
  prefetchBytes: wholeFrom(1, MOST_BYTES),
} satisfies Checks<ReadingSettings>;
