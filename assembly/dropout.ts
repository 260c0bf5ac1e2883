/** Dropout (Srivastava et al. 2014), with a mask by the sample's place in the minibatch, not in the shard. */
import { philox } from './random';
import { LANES, floats, loadTail, storeTail } from './simd';

/**
 * y[n, e] = scale·x[n, e] where word e of sample n's stream is at least `threshold`, else 0; x: N×groups×area,
 * with one word for each of the groups. randomness: key (2), step, position of sample 0 in the minibatch; the
 * word is that of block e div 4 at (position + n, step, stream·256 + purpose). y may be x.
 */
export function dropout(
  N: i32,
  groups: i32,
  area: i32,
  x: usize,
  randomness: usize,
  y: usize,
  stream: i32,
  threshold: u32,
  scale: f32,
): void {
  const key0 = load<u32>(randomness);
  const key1 = load<u32>(randomness, 4);
  const step = load<u32>(randomness, 8);
  const position = load<u32>(randomness, 12);
  const limit = i32x4.splat(threshold);
  const factor = f32x4.splat(scale);
  for (let n = 0; n < N; n++) {
    for (let e = 0; e < groups; e += LANES) {
      const words = philox(e >> 2, position + n, step, stream, key0, key1);
      const mask = i32x4.ge_u(words, limit);
      const count = min(LANES, groups - e);
      if (area == 1) {
        if (count == LANES) v128.store(y, v128.and(mask, f32x4.mul(v128.load(x), factor)));
        else storeTail(y, v128.and(mask, f32x4.mul(loadTail(x, count), factor)), count);
        x += floats(count);
        y += floats(count);
        continue;
      }
      let lanes = i32x4.bitmask(mask);
      for (let i = 0; i < count; i++) {
        scalePlane(area, x, y, factor, i32x4.splat(-(lanes & 1)));
        lanes >>= 1;
        x += floats(area);
        y += floats(area);
      }
    }
  }
}

/** y[i] = x[i]·factor where the mask is set, else 0. */
@inline
function scalePlane(area: i32, x: usize, y: usize, factor: v128, mask: v128): void {
  let i = 0;
  for (; i <= area - LANES; i += LANES) {
    const at = floats(i);
    v128.store(y + at, v128.and(mask, f32x4.mul(v128.load(x + at), factor)));
  }
  const rest = area - i;
  if (rest) {
    const at = floats(i);
    storeTail(y + at, v128.and(mask, f32x4.mul(loadTail(x + at, rest), factor)), rest);
  }
}
