/** gzip decompression (RFC 1952) with the platform's own inflater and a bound on the output. */
import { LanewiseError } from '../base/errors.js';
import { piecesOf } from '../platform/pieces.js';

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The contents of a gzip file; bytes that are not gzip are returned unchanged. */
export async function gunzip(
  bytes: Uint8Array,
  name: string,
  limitBytes: number,
): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of piecesOf(source.pipeThrough(new DecompressionStream('gzip')))) {
      length += chunk.length;
      if (length > limitBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new LanewiseError(
      'data',
      `'${name}': the gzip data is truncated or corrupt`,
      'fetch the file again',
      {
        cause: error,
      },
    );
  }
  if (length > limitBytes) {
    throw new LanewiseError(
      'data',
      `'${name}' inflates to more than the ${limitBytes} bytes expected at most`,
    );
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
