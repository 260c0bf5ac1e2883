/** The stored values of test/golden, and comparisons that say where and by how much something is off. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';

/** The cases of test/golden/<name>.json; see make.py there. */
export function loadGolden<T>(name: string): T[] {
  const file = new URL(`../../../test/golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as T[];
}

/** An array stored as base64 of little-endian float32. */
export function unpack(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}

/**
 * Every element within `relative` of the expected one, measured against the larger of its own size and
 * one hundredth of the largest: small elements of a sum of large ones cannot be more exact than those.
 * Reports the worst element; NaN is worse than any other.
 */
export function assertClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  relative: number,
  what: string,
): void {
  assert.is(found.length, expected.length, `${what}: length`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  let worst = { error: 0, i: 0 };
  for (let i = 0; i < expected.length; i++) {
    const size = Math.max(Math.abs(expected[i]!), largest / 100, 1e-30);
    const difference = Math.abs(found[i]! - expected[i]!) / size;
    const error = Number.isNaN(difference) ? Infinity : difference;
    if (error > worst.error) worst = { error, i };
  }
  const { error, i } = worst;
  assert.ok(
    error <= relative,
    `${what}: element ${i} is ${found[i]}, expected ${expected[i]} (off by ${error})`,
  );
}
