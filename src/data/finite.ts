/** Values that are no numbers to compute with. */

/** The first value that is NaN or infinite, or -1: products with 0 find out fast that there is none. */
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
