/**
 * The decoder of UTF-8 text that arrives in pieces, cut anywhere. Bytes that are not UTF-8 are refused, never replaced.
 */
import { LanewiseError } from '../base/errors.js';

/** A source of text: a file's or a stream's pieces. Strings are taken unchanged. */
export type TextSource = AsyncIterable<Uint8Array | string>;

/**
 * The text, a piece at a time, without a byte order mark; `name` is for messages.
 * @throws LanewiseError kind 'data' naming the offset of the first byte that is not UTF-8.
 */
export async function* decodeUtf8(source: TextSource, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let isFirst = true;
  let rest: Uint8Array = new Uint8Array();
  /** Offset of `rest`. */
  let offset = 0;
  const decode = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes);
    } catch (error) {
      const at = offset + validLength(bytes);
      throw new LanewiseError(
        'data',
        `'${name}': byte ${at} is not UTF-8 text`,
        'save the file as UTF-8',
        { cause: error },
      );
    }
  };
  for await (const piece of source) {
    const bytes = typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
    const all = rest.length === 0 ? bytes : concatenated(rest, bytes);
    const whole = all.length - cutLength(all);
    if (whole > 0) {
      const text = decode(all.subarray(0, whole));
      yield isFirst && text.startsWith('\ufeff') ? text.slice(1) : text;
      isFirst = false;
    }
    offset += whole;
    rest = all.slice(whole);
  }
  decode(rest);
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Number of bytes at the end, 0 to 3, that begin a character without completing it. */
function cutLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue; // 10xxxxxx continues a character.
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

/** Number of bytes before the first that is not UTF-8, by bisection: a prefix of valid text is valid. */
function validLength(bytes: Uint8Array): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return low - cutLength(bytes.subarray(0, low));
}
