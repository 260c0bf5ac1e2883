/** SHA-256, of any size where there are files. */
import { digest } from '#platform/digest';

/** Of pieces of bytes, one after another as if they were one, in hexadecimal. */
export const sha256 = async (...pieces: readonly Uint8Array[]): Promise<string> =>
  Array.from(await digest(pieces), (byte) => byte.toString(16).padStart(2, '0')).join('');
