/** Contents are what their hash says, whoever stored them. */
import { LanewiseError } from '../base/errors.js';
import { sha256 as hashOf } from '../base/sha256.js';

/**
 * Contents that were found under a hash, which must be there and have it, and as many `bytes` if that is given.
 * @throws LanewiseError kind 'data' otherwise.
 */
export async function checkBlob<Buffer extends ArrayBufferLike>(
  sha256: string,
  found: Uint8Array<Buffer> | undefined,
  bytes = found?.length,
): Promise<Uint8Array<Buffer>> {
  const what = nameOf(sha256);
  if (!found)
    throw new LanewiseError(
      'data',
      `${what} are not stored, expected ${bytes} bytes`,
      'the coordinator stores them when it starts: start it again',
    );
  if (found.length !== bytes) throw wrongLength(sha256, found.length, bytes!);
  const hash = await hashOf(found);
  if (hash === sha256) return found;
  throw new LanewiseError(
    'data',
    `${what} have another SHA-256, ${hash.slice(0, 12)}…: they were damaged or exchanged`,
  );
}

/** The error of contents that have another length than they should. */
export const wrongLength = (sha256: string, found: number, expected: number): LanewiseError =>
  new LanewiseError('data', `${nameOf(sha256)} have ${found} bytes, expected ${expected}`);

const nameOf = (sha256: string): string => `contents ${sha256.slice(0, 12)}…`;
