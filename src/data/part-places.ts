/** The places of a part among the samples, as text: a bit for each sample, in base 64. */
import { base64 } from '../base/base64.js';

/** So many samples are remembered one by one; of more only how many they are. */
export const MOST_PLACES = 2 ** 24;

/** `isFirst` has 1 for each sample of the first part. */
export function encodePlaces(isFirst: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(isFirst.length / 8));
  isFirst.forEach((bit, i) => (bytes[i >> 3]! |= bit << (i & 7)));
  return base64(bytes);
}

/** Whether a text can be the places of a part of so many samples. */
export const arePlaces = (text: string, count: number): boolean =>
  text.length === 4 * Math.ceil(Math.ceil(count / 8) / 3) && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

/** What `encodePlaces` was given, from a text that `arePlaces`. */
export function decodePlaces(text: string, count: number): Uint8Array {
  const bytes = atob(text);
  return Uint8Array.from({ length: count }, (_, i) => (bytes.charCodeAt(i >> 3) >> (i & 7)) & 1);
}
