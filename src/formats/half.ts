/** Conversion of 16-bit floating-point values to float32, which holds each of them exactly. */

/** IEEE 754 binary16. */
export const halfValues = (values: Uint16Array): Float32Array => widen(values, halfBits);

/** bfloat16, the upper half of a float32. */
export const bfloat16Values = (values: Uint16Array): Float32Array =>
  widen(values, (bits) => bits << 16);

/** Float32 values from the bits that `toBits` gives for each 16-bit value. */
function widen(values: Uint16Array, toBits: (bits: number) => number): Float32Array {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = toBits(values[i]!);
  return new Float32Array(bits.buffer);
}

/** Bits of a float32 equal to the IEEE 754 binary16 with the given bits. */
function halfBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  let fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A subnormal half is a normal float: move its leading one to where it is implied.
  const shift = Math.clz32(fraction) - 21;
  fraction = (fraction << shift) & 0x3ff;
  return sign | ((113 - shift) << 23) | (fraction << 13);
}
