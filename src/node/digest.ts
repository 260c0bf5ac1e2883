/** SHA-256 of what may be larger than a call of `crypto.subtle` takes (2 GiB). */
import { pause } from './system.js';

/** So much at once: less than a tenth of a second, after which timers and signals come through. */
const PIECE_BYTES = 2 ** 25;

/** Of pieces one after another, as if they were one. */
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
