/**
 * A digest of the bits of a run's state, for receipts: two sums mod 2⁶⁴, to which every word adds by its value and its
 * place alone. So the parts of several workers, cut anywhere between two lines of 64 bytes, add up to the same. Integers
 * only: the same in both numerics and in every engine.
 */
import { LANES, floats, loadTail } from './simd';

/** Words of a line, and lines of a block. Within a block each word has a key of its own. */
const WORDS: i32 = 16;
const LINES: i32 = 64;

/** An odd number for each place (SplitMix64; Steele, Lea & Flood 2014). */
@inline
function multiplier(place: i64): i64 {
  let z = place * 0x9e3779b97f4a7c15;
  z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >>> 27)) * 0x94d049bb133111eb;
  return (z ^ (z >>> 31)) | 1;
}

/** h + v·w, lane by lane from 32 bits to 64: lanes 0 and 2 into the first, 1 and 3 into the second. */
@inline
function addProducts(h: v128, v: v128, w: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(v, w);
  const high = i64x2.extmul_high_i32x4_u(v, w);
  return i64x2.add(h, i64x2.add(low, high));
}

/**
 * Adds `count` words, of which the first begins line `line` of the state, to sums[0] and sums[1], of 64 bits each. Of a
 * block, NH (Black et al. 1999): Σ (x[i] + key[i] mod 2³²)·(x[i + 4] + key[i + 4] mod 2³²) over words i = 0 … 3 mod 8, the
 * even ones into the first sum and the odd ones into the second, each multiplied by an odd number of the block's own. Words
 * that are missing from the last eight are zeros. keys: those of a block.
 */
export function digest(x: usize, count: i32, line: i32, keys: usize, sums: usize): void {
  while (count > 0) {
    const from = line % LINES;
    const size = min(count, (LINES - from) * WORDS);
    let key = keys + floats(from * WORDS);
    let h = i64x2.splat(0);
    let i = 0;
    for (; i <= size - 2 * LANES; i += 2 * LANES) {
      const v = i32x4.add(v128.load(x), v128.load(key));
      const w = i32x4.add(v128.load(x, 16), v128.load(key, 16));
      h = addProducts(h, v, w);
      x += 32;
      key += 32;
    }
    const left = size - i;
    if (left > 0) {
      let v = i32x4.splat(0);
      let w = v;
      if (left < LANES) v = loadTail(x, left);
      else {
        v = v128.load(x);
        if (left > LANES) w = loadTail(x + 16, left - LANES);
      }
      h = addProducts(h, i32x4.add(v, v128.load(key)), i32x4.add(w, v128.load(key, 16)));
    }
    const place = <i64>(line / LINES) * 2 + 1;
    const first = i64x2.extract_lane(h, 0) * multiplier(place);
    const second = i64x2.extract_lane(h, 1) * multiplier(place + 1);
    store<i64>(sums, load<i64>(sums) + first);
    store<i64>(sums, load<i64>(sums, 8) + second, 8);
    count -= size;
    line += LINES - from;
  }
}
