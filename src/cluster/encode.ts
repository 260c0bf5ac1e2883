/**
 * A message as bytes: the header's length (u32, little endian), the header as JSON, and then the message's bytes as they
 * are.
 */
import { parseJson } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';

/** A message as it arrived: its header, of which nothing has been checked, and its bytes, a view. */
export interface Decoded {
  readonly header: unknown;
  readonly bytes: Uint8Array;
}

const LENGTH = 4;

/** A header and bytes as one new body, which shares no memory with them. */
export function encode(header: object, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const size = parts.reduce((sum, part) => sum + part.length, LENGTH + text.length);
  const body = new Uint8Array(size);
  new DataView(body.buffer).setUint32(0, text.length, true);
  body.set(text, LENGTH);
  let at = LENGTH + text.length;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/**
 * The header and bytes of a body; `sender` names who sent it in errors. A header of more than `most` bytes is not parsed.
 * @throws LanewiseError kind 'data' for a body that does not begin with a header.
 */
export function decode(body: Uint8Array, sender: string, most = Infinity): Decoded {
  const what = `a message of ${sender}`;
  if (body.length < LENGTH)
    throw new LanewiseError('data', `${what} has ${body.length} bytes, expected ${LENGTH} or more`);
  const length = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const bound = Math.min(body.length - LENGTH, most);
  if (length > bound)
    throw new LanewiseError(
      'data',
      `${what} says that its header has ${length} bytes, expected at most ${bound}`,
    );
  const text = new TextDecoder().decode(body.subarray(LENGTH, LENGTH + length));
  return { header: parseJson('data', what, text), bytes: body.subarray(LENGTH + length) };
}
