/** SHA-256, for data of any size where there is a file system. */
import { digest } from '#platform/digest';

/** The digest of a sequence of pieces of bytes, in hexadecimal. */
export const sha256 = async (...pieces: readonly Uint8Array[]): Promise<string> =>
  Array.from(await digest(pieces), (byte) => byte.toString(16).padStart(2, '0')).join('');
