/** The settings for reading streamed samples: number of threads and read-ahead. */
import { wholeFrom, type Checks } from '../base/check.js';
import { decoderCount } from './streams.js';

/** How streamed samples are read ahead; no result depends on it. */
export interface ReadingSettings {
  /**
   * Number of threads that read and decode streamed samples; default the machine's parallelism, at most 8. 0 is the
   * calling thread.
   */
  readonly decoders?: number;
  /** Bytes of samples read ahead, for each streamed data set; default 32 MiB. At least 4 minibatches are. */
  readonly prefetchBytes?: number;
}

/** The largest size of a WebAssembly memory. */
const MOST_BYTES = 2 ** 32;

export const READING = {
  decoders: decoderCount,
  prefetchBytes: wholeFrom(1, MOST_BYTES),
} satisfies Checks<ReadingSettings>;
