/** Decompression of Parquet's pages, each to as many bytes as its header says and no more. */
import { compressors, decompressZstd } from 'hyparquet-compressors';

/** The largest factor of any codec but brotli: zstandard repeats a byte 2¹⁷ times by four. */
const MAX_RATIO = 2 ** 15;
/** Sizes that need no reason. */
const SMALL = 2 ** 20;

/**
 * `length` bytes from packed ones.
 * @throws Error if they are damaged, unpack to another length, or the codec is not known.
 */
export async function inflate(
  codec: string,
  packed: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  if (length > SMALL && length > packed.length * MAX_RATIO)
    throw new Error(`a page of ${packed.length} bytes claims to hold ${length}`);
  let bytes: Uint8Array;
  try {
    bytes = await inflaterOf(codec)(packed, length);
  } catch (error) {
    throw new Error(`a ${codec} page is damaged: ${(error as Error).message}`, { cause: error });
  }
  if (bytes.length !== length)
    throw new Error(`a ${codec} page unpacks to ${bytes.length} bytes, its header says ${length}`);
  return bytes;
}

type Inflate = (packed: Uint8Array, length: number) => Uint8Array | Promise<Uint8Array>;

/** zlib is Node's: faster, and bounded in what it writes. */
const inflaters: Readonly<Record<string, Inflate | undefined>> = {
  SNAPPY: compressors.SNAPPY,
  LZ4: compressors.LZ4,
  LZ4_RAW: compressors.LZ4_RAW,
  ZSTD: (packed, length) => {
    const claimed = zstdLength(packed);
    if (claimed !== undefined && claimed !== length) throw new Error(`it holds ${claimed} bytes`);
    return decompressZstd(packed, new Uint8Array(length));
  },
  GZIP: async (packed, length) => {
    const { gunzipSync } = await import('node:zlib');
    return gunzipSync(packed, { maxOutputLength: Math.max(length, 1) });
  },
  BROTLI: async (packed, length) => {
    const { brotliDecompressSync } = await import('node:zlib');
    return brotliDecompressSync(packed, { maxOutputLength: Math.max(length, 1) });
  },
};

/** The unpacked length that a frame of zstandard claims (RFC 8878, 3.1.1.1), if it does. */
function zstdLength(packed: Uint8Array): number | undefined {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const flags = view.getUint8(4);
  const isSingle = (flags & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][flags & 3]!;
  const kind = flags >> 6;
  if (kind === 0) return isSingle ? view.getUint8(at) : undefined;
  if (kind === 1) return view.getUint16(at, true) + 256;
  return kind === 2 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function inflaterOf(codec: string): Inflate {
  const found = Object.hasOwn(inflaters, codec) ? inflaters[codec] : undefined;
  if (!found) throw new Error('it is not read');
  return found;
}
