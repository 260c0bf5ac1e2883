/** The values of a part: whether they are finite, and their hash. */
import { createHash } from 'node:crypto';

const floatsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer, byteOffset, byteLength / 4);

/** Whether all floats of a part are finite. */
export function isFinitePart(whole: Uint8Array): boolean {
  const floats = floatsOf(whole);
  const end = floats.length & ~3;
  // A value less itself is not 0 only for what is not finite. Four sums do not wait for each other.
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < end; i += 4) {
    a += floats[i]! - floats[i]!;
    b += floats[i + 1]! - floats[i + 1]!;
    c += floats[i + 2]! - floats[i + 2]!;
    d += floats[i + 3]! - floats[i + 3]!;
  }
  for (let i = end; i < floats.length; i++) a += floats[i]! - floats[i]!;
  return a + b + c + d === 0;
}

/** The SHA-256 of a part. Values that are no number have bits that differ between processors: they count as one value. */
export function hashOfPart(whole: Uint8Array, isFinite: boolean): string {
  const hash = createHash('sha256');
  if (isFinite) return hash.update(whole).digest('hex');
  // Each NaN that is written has the same bits.
  const floats = floatsOf(whole).map((value) => (Number.isNaN(value) ? NaN : value));
  return hash.update(new Uint8Array(floats.buffer)).digest('hex');
}
