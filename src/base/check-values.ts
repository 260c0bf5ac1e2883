/** Checks of whole arrays for values that are not finite. */
import { LanewiseError, type ErrorKind } from './errors.js';

/** The first value that is NaN or infinite, or −1; products with 0 quickly show that there is none. */
export function firstNotFinite(values: Float32Array): number {
  const { length } = values;
  const zero = 0;
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    a += values[i]! * zero;
    b += values[i + 1]! * zero;
    c += values[i + 2]! * zero;
    d += values[i + 3]! * zero;
  }
  for (; i < length; i++) a += values[i]! * zero;
  return a + b + c + d === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/**
 * Checks that all values are finite, as whole numbers and bytes are; `place` describes an index.
 * @throws LanewiseError of the given kind: `weights of 'fc.bias': NaN at 3, expected a finite number`.
 */
export function checkFinite(
  kind: ErrorKind,
  what: string,
  values: unknown,
  hint?: string,
  place: (at: number) => string = (at) => `at ${at}`,
): void {
  const at = values instanceof Float32Array ? firstNotFinite(values) : -1;
  if (at < 0) return;
  const found = (values as Float32Array)[at];
  // What was given may have been a number that is too large.
  const bound = Number.isNaN(found) ? '' : ', at most ±3.4e38 in float32';
  throw new LanewiseError(
    kind,
    `${what}: ${found} ${place(at)}, expected a finite number${bound}`,
    hint,
  );
}

/** The place of a value in samples of `size` values each: `of sample 3, value 4`. */
export const inSamples =
  (size: number) =>
  (at: number): string =>
    `of sample ${Math.floor(at / size)}${size > 1 ? `, value ${at % size}` : ''}`;
