/** SHA-256 by the web-standard crypto, which hashes all data in one call. */
import { LanewiseError } from '../base/errors.js';

/** Largest size; beyond it engines refuse with errors of their own. */
const MOST_BYTES = 2 ** 31 - 1;

/** The digest of a sequence of pieces. */
export async function digest(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > MOST_BYTES) {
    throw new LanewiseError(
      'platform',
      `cannot take the SHA-256 of ${length} bytes: at most ${MOST_BYTES} are supported here`,
      'Node, Deno and Bun support more',
    );
  }
  // `digest` accepts no view of shared memory.
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
