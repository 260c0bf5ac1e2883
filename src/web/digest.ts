/** SHA-256 by web-standard crypto, which takes all of it at once. */
import { LanewiseError } from '../base/errors.js';

/** What engines refuse with an error of their own. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Of pieces one after another, as if they were one.
 * @throws LanewiseError kind 'platform' for 2 GiB and more.
 */
export async function digest(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > MOST_BYTES) {
    throw new LanewiseError(
      'platform',
      `cannot take the SHA-256 of ${length} bytes: there is none of more than ${MOST_BYTES} here`,
      'Node, Deno and Bun have it',
    );
  }
  // `digest` takes no view of shared memory.
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
