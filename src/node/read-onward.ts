/** Compressed files read from the beginning on, as if at any place behind the last one. */
import { LanewiseError } from '../base/errors.js';
import { cannotRead } from './files.js';
import type { RandomAccess } from './random-access.js';

/**
 * Opens a compressed file. Its `read` unpacks and skips what lies before a place; it takes no place before the last one.
 * @throws LanewiseError kind 'data' from `read` for damaged data and beyond the end; kind 'file' if it cannot be read.
 */
export async function readOnward(path: string): Promise<RandomAccess> {
  // Streams take time to load.
  const [{ createReadStream }, { createGunzip }] = await Promise.all([
    import('node:fs'),
    import('node:zlib'),
  ]);
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  file.on('error', (error) => gunzip.destroy(error));
  const pieces = file.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let place = 0;
  let piece: Uint8Array = new Uint8Array();
  const next = async (): Promise<boolean> => {
    const found = await pieces.next().catch((error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('Z_') || error.code === undefined)
        throw new LanewiseError(
          'data',
          `'${path}': the gzip data is truncated or corrupt`,
          'fetch the file again',
          { cause: error },
        );
      throw cannotRead('archive', path, error);
    });
    piece = found.done ? new Uint8Array() : found.value;
    return !found.done;
  };
  return {
    name: path,
    bytes: Infinity,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        if (at + done >= place + piece.length) {
          place += piece.length;
          if (await next()) continue;
          throw new LanewiseError('data', `'${path}' is cut short: it ends at byte ${place}`);
        }
        const part = piece.subarray(at + done - place, at + length - place);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
    async close() {
      gunzip.destroy();
      file.destroy();
    },
  };
}
