/** SHA-256 of data of any size, beyond the limit of `crypto.subtle` (2 GiB). */
import { pause } from './system.js';

/** Bytes hashed at a time: less than a tenth of a second, after which timers and signals get a turn. */
const PIECE_BYTES = 2 ** 25;

/** The digest of a sequence of pieces. */
export async function digest(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE_BYTES) {
      if (at > 0) await pause();
      hash.update(piece.subarray(at, at + PIECE_BYTES));
    }
  }
  return hash.digest();
}
