/**
 * Transforms of one sample of C×h×w floats, and the blend of two. Products are rounded before sums in every build, so
 * that augmented samples are the same in all (except for noise, whose logarithm and waves are those of random.ts).
 */
import { normals, philox } from './random';
import { LANES, floats, loadTail, storeTail } from './simd';

@inline
function fillRow(y: usize, count: i32, value: f32): usize {
  for (let i = 0; i < count; i++) store<f32>(y + floats(i), value);
  return y + floats(count);
}

/** y[c, i, j] = x[c, i + top, j + left], `fill` outside of x: C×h×w to C×H×W. */
export function cropPlanes(
  C: i32,
  h: i32,
  w: i32,
  x: usize,
  top: i32,
  left: i32,
  H: i32,
  W: i32,
  fill: f32,
  y: usize,
): void {
  const before = min(max(-left, 0), W);
  const first = max(left, 0);
  const kept = max(min(w - first, W - before), 0);
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < H; i++) {
      const row = i + top;
      if (row < 0 || row >= h || kept == 0) {
        y = fillRow(y, W, fill);
        continue;
      }
      y = fillRow(y, before, fill);
      memory.copy(y, x + floats(row * w + first), floats(kept));
      y = fillRow(y + floats(kept), W - before - kept, fill);
    }
    x += floats(h * w);
  }
}

/** Planes mirrored left to right (across), top to bottom (down), or both. y is not x. */
export function flipPlanes(
  C: i32,
  h: i32,
  w: i32,
  x: usize,
  across: i32,
  down: i32,
  y: usize,
): void {
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < h; i++) {
      const from = x + floats((down ? h - 1 - i : i) * w);
      if (!across) memory.copy(y, from, floats(w));
      else
        for (let j = 0; j < w; j++) store<f32>(y + floats(j), load<f32>(from + floats(w - 1 - j)));
      y += floats(w);
    }
    x += floats(h * w);
  }
}

/** x[c, i, j] = value for the `height` rows from `top` and `width` columns from `left`, all inside x. */
export function fillBox(
  C: i32,
  h: i32,
  w: i32,
  x: usize,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  value: f32,
): void {
  for (let c = 0; c < C; c++) {
    for (let i = top; i < top + height; i++)
      fillRow(x + floats((c * h + i) * w + left), width, value);
  }
}

/**
 * y[o, e] = Σ m[o, c]·x[c, e] + m[o, C], clamped to `low` … `high`; C×area to O×area,
 * m: O×(C + 1). y is not x.
 */
export function mixChannels(
  C: i32,
  O: i32,
  area: i32,
  x: usize,
  m: usize,
  low: f32,
  high: f32,
  y: usize,
): void {
  const least = f32x4.splat(low);
  const most = f32x4.splat(high);
  for (let o = 0; o < O; o++) {
    const term = v128.load32_splat(m + floats(C));
    for (let e = 0; e < area; e += LANES) {
      const rest = area - e;
      let sum = f32x4.splat(0);
      for (let c = 0; c < C; c++) {
        const at = x + floats(c * area + e);
        const v = rest >= LANES ? v128.load(at) : loadTail(at, rest);
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(m + floats(c)), v));
      }
      const value = f32x4.min(f32x4.max(f32x4.add(sum, term), least), most);
      if (rest >= LANES) v128.store(y + floats(e), value);
      else storeTail(y + floats(e), value, rest);
    }
    m += floats(C + 1);
    y += floats(area);
  }
}

@inline
function unitClamp(v: f32): f32 {
  return min<f32>(max<f32>(v, 0), 1);
}

/**
 * Turns the hue of the 3×area colours in [0, 1] by `shift` (1 is the whole circle): via hue, saturation
 * and value, as in torchvision. y may be x.
 */
export function turnHue(area: i32, x: usize, shift: f32, y: usize): void {
  for (let e = 0; e < area; e++) {
    const at = floats(e);
    const r = load<f32>(x + at);
    const g = load<f32>(x + at + floats(area));
    const b = load<f32>(x + at + floats(2 * area));
    const v = max<f32>(max<f32>(r, g), b);
    const range = v - min<f32>(min<f32>(r, g), b);
    let hue: f32 = 0;
    let s: f32 = 0;
    if (range > 0) {
      s = range / v;
      const rc = (v - r) / range;
      const gc = (v - g) / range;
      const bc = (v - b) / range;
      if (v == r) hue = bc - gc;
      else if (v == g) hue = 2 + rc - bc;
      else hue = 4 + gc - rc;
    }
    hue = hue / 6 + 1 + shift;
    hue -= Mathf.floor(hue);
    const sixth = hue * 6;
    const i = Mathf.floor(sixth);
    const f = sixth - i;
    const p = unitClamp(v * (1 - s));
    const q = unitClamp(v * (1 - s * f));
    const t = unitClamp(v * (1 - s * (1 - f)));
    let red = v;
    let green = t;
    let blue = p;
    if (i == 1) {
      red = q;
      green = v;
    } else if (i == 2) {
      red = p;
      green = v;
      blue = t;
    } else if (i == 3) {
      red = p;
      green = q;
      blue = v;
    } else if (i == 4) {
      red = t;
      green = p;
      blue = v;
    } else if (i == 5) {
      green = p;
      blue = q;
    }
    store<f32>(y + at, red);
    store<f32>(y + at + floats(area), green);
    store<f32>(y + at + floats(2 * area), blue);
  }
}

/** y[e] = x[e] + deviation·z[e], z standard normal: those of block e div 4 at (place, step, stream). y may be x. */
export function addNoise(
  count: i32,
  x: usize,
  deviation: f32,
  key0: u32,
  key1: u32,
  place: u32,
  step: u32,
  stream: u32,
  y: usize,
): void {
  const factor = f32x4.splat(deviation);
  for (let e = 0; e < count; e += LANES) {
    const z = f32x4.mul(factor, normals(philox(e >> 2, place, step, stream, key0, key1)));
    const at = floats(e);
    const rest = count - e;
    if (rest >= LANES) v128.store(y + at, f32x4.add(v128.load(x + at), z));
    else storeTail(y + at, f32x4.add(loadTail(x + at, rest), z), rest);
  }
}

/** x[e] = share·x[e] + rest·y[e], `count` values. */
export function blend(count: i32, x: usize, y: usize, share: f32, rest: f32): void {
  const p = f32x4.splat(share);
  const q = f32x4.splat(rest);
  for (let e = 0; e < count; e += LANES) {
    const left = count - e;
    const a = x + floats(e);
    const b = y + floats(e);
    const isWhole = left >= LANES;
    const own = f32x4.mul(p, isWhole ? v128.load(a) : loadTail(a, left));
    const other = f32x4.mul(q, isWhole ? v128.load(b) : loadTail(b, left));
    const sum = f32x4.add(own, other);
    if (isWhole) v128.store(a, sum);
    else storeTail(a, sum, left);
  }
}
