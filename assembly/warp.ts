/**
 * Resampling of an image by a map: every pixel of the result is looked up, bilinearly, at a place of the source.
 * Products are rounded before sums in every build, so that samples are the same in all.
 */
import { LANES, floats, storeTail } from './simd';

@inline
function fillRow(y: usize, count: i32, value: f32): void {
  for (let i = 0; i < count; i++) store<f32>(y + floats(i), value);
}

/** The C×h×w image with a pixel of `fill` before it and two after it on both axes, so that no look-up needs a test. */
function framePlanes(C: i32, h: i32, w: i32, x: usize, fill: f32, y: usize): void {
  const row = floats(w + 3);
  for (let c = 0; c < C; c++) {
    fillRow(y, w + 3, fill);
    y += row;
    for (let i = 0; i < h; i++) {
      store<f32>(y, fill);
      memory.copy(y + 4, x, floats(w));
      store<f32>(y + floats(w), fill, 4);
      store<f32>(y + floats(w), fill, 8);
      x += floats(w);
      y += row;
    }
    fillRow(y, 2 * (w + 3), fill);
    y += 2 * row;
  }
}

/** Lanes 0 and 2 of two vectors: a0 a2 b0 b2. */
@inline
function evenLanes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

/** Lanes 1 and 3 of two vectors: a1 a3 b1 b3. */
@inline
function oddLanes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/** a + share·(b − a). */
@inline
function between(a: v128, b: v128, share: v128): v128 {
  return f32x4.add(a, f32x4.mul(share, f32x4.sub(b, a)));
}

/** Pairs of neighbours at the four offsets from p, interpolated by `share`. */
@inline
function lookUp(p: usize, offsets: v128, share: v128): v128 {
  const low = v128.load_lane<i64>(
    p + <usize>i32x4.extract_lane(offsets, 1),
    v128.load64_zero(p + <usize>i32x4.extract_lane(offsets, 0)),
    1,
  );
  const high = v128.load_lane<i64>(
    p + <usize>i32x4.extract_lane(offsets, 3),
    v128.load64_zero(p + <usize>i32x4.extract_lane(offsets, 2)),
    1,
  );
  return between(evenLanes(low, high), oddLanes(low, high), share);
}

/**
 * y[c, i, j] = x[c] at (m0·u + m1·v + m2, m3·u + m4·v + m5), (u, v) = (j, i) or, with a field that is not 0,
 * (j, i) + field[i, j]: x's centres of pixels are whole numbers; `fill` around it. y: C×H×W. field: one plane for
 * u and one for v, rows rounded up to whole vectors. map: m0 … m5. workspace: C·(h + 3)·(w + 3) floats.
 */
export function warp(
  C: i32,
  h: i32,
  w: i32,
  x: usize,
  H: i32,
  W: i32,
  map: usize,
  field: usize,
  fill: f32,
  workspace: usize,
  y: usize,
): void {
  framePlanes(C, h, w, x, fill, workspace);
  const plane = floats((h + 3) * (w + 3));
  const below = floats(w + 3);
  const m0 = v128.load32_splat(map);
  const m1 = v128.load32_splat(map, 4);
  const m2 = v128.load32_splat(map, 8);
  const m3 = v128.load32_splat(map, 12);
  const m4 = v128.load32_splat(map, 16);
  const m5 = v128.load32_splat(map, 20);
  const start = f32x4.splat(-1);
  const right = f32x4.splat(<f32>w);
  const bottom = f32x4.splat(<f32>h);
  const pitch = i32x4.splat(w + 3);
  const one = i32x4.splat(1);
  const row = (W + (LANES - 1)) & -LANES;
  const fieldPlane = floats(row * H);
  for (let i = 0; i < H; i++) {
    for (let j = 0; j < W; j += LANES) {
      let u = f32x4.add(f32x4.splat(<f32>j), f32x4(0, 1, 2, 3));
      let v = f32x4.splat(<f32>i);
      if (field) {
        const at = field + floats(i * row + j);
        u = f32x4.add(u, v128.load(at));
        v = f32x4.add(v, v128.load(at + fieldPlane));
      }
      const s = f32x4.add(f32x4.add(f32x4.mul(m0, u), f32x4.mul(m1, v)), m2);
      const t = f32x4.add(f32x4.add(f32x4.mul(m3, u), f32x4.mul(m4, v)), m5);
      // Places beyond the frame are clamped to it.
      const across = f32x4.min(f32x4.max(s, start), right);
      const down = f32x4.min(f32x4.max(t, start), bottom);
      const left = f32x4.floor(across);
      const top = f32x4.floor(down);
      const shareX = f32x4.sub(across, left);
      const shareY = f32x4.sub(down, top);
      const column = i32x4.add(i32x4.trunc_sat_f32x4_s(left), one);
      const line = i32x4.add(i32x4.trunc_sat_f32x4_s(top), one);
      const offsets = i32x4.shl(i32x4.add(i32x4.mul(line, pitch), column), 2);
      let to = y + floats(i * W + j);
      let from = workspace;
      for (let c = 0; c < C; c++) {
        const upper = lookUp(from, offsets, shareX);
        const lower = lookUp(from + below, offsets, shareX);
        const value = between(upper, lower, shareY);
        if (W - j >= LANES) v128.store(to, value);
        else storeTail(to, value, W - j);
        from += plane;
        to += floats(H * W);
      }
    }
  }
}
