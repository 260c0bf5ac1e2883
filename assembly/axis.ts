/**
 * Reductions over one axis: x is outer×extent×inner, the result outer×inner. The order of sums depends only on the
 * three extents.
 */
import { LANES, floats, loadTail, storeTail } from './simd';
import { sumPlane } from './norm';

/** y[o, i] = Σ_r x[o, r, i] */
export function sumAxis(outer: i32, extent: i32, inner: i32, x: usize, y: usize): void {
  const pitch = floats(inner);
  for (let o = 0; o < outer; o++) {
    if (inner == 1) store<f32>(y, sumPlane(x, extent));
    else sumColumns(extent, inner, x, y);
    x += <usize>extent * pitch;
    y += pitch;
  }
}

/** y[i] = Σ_r x[r, i]: sixteen columns at a time, so that additions need not wait for one another. */
function sumColumns(rows: i32, columns: i32, x: usize, y: usize): void {
  const pitch = floats(columns);
  let j = 0;
  for (; j <= columns - 4 * LANES; j += 4 * LANES) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let at = x + floats(j);
    for (let r = 0; r < rows; r++) {
      a = f32x4.add(a, v128.load(at));
      b = f32x4.add(b, v128.load(at, 16));
      c = f32x4.add(c, v128.load(at, 32));
      d = f32x4.add(d, v128.load(at, 48));
      at += pitch;
    }
    const to = y + floats(j);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; j < columns; j += LANES) {
    const width = min(LANES, columns - j);
    let sum = f32x4.splat(0);
    let at = x + floats(j);
    for (let r = 0; r < rows; r++) {
      sum = f32x4.add(sum, width == LANES ? v128.load(at) : loadTail(at, width));
      at += pitch;
    }
    if (width == LANES) v128.store(y + floats(j), sum);
    else storeTail(y + floats(j), sum, width);
  }
}

/** y[o, i] = max_r x[o, r, i]; NaN if one of them is. */
export function maxAxis(outer: i32, extent: i32, inner: i32, x: usize, y: usize): void {
  const pitch = floats(inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = x + floats(i);
      let best = load<f32>(at);
      for (let r = 1; r < extent; r++) {
        at += pitch;
        best = max<f32>(best, load<f32>(at));
      }
      store<f32>(y + floats(i), best);
    }
    x += <usize>extent * pitch;
    y += pitch;
  }
}

/** dx[o, r, i] = dy[o, i] at the first r where x[o, r, i] is the maximum (or the first NaN), else 0. */
export function maxAxisGradient(
  outer: i32,
  extent: i32,
  inner: i32,
  x: usize,
  dy: usize,
  dx: usize,
): void {
  const pitch = floats(inner);
  memory.fill(dx, 0, <usize>outer * <usize>extent * pitch);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const first = x + floats(i);
      let best = 0;
      let most = load<f32>(first);
      for (let r = 1; r < extent; r++) {
        const value = load<f32>(first + <usize>r * pitch);
        // The second clause lets the first NaN win over numbers.
        if (value > most || (value != value && most == most)) {
          best = r;
          most = value;
        }
      }
      store<f32>(dx + <usize>best * pitch + floats(i), load<f32>(dy + floats(i)));
    }
    x += <usize>extent * pitch;
    dx += <usize>extent * pitch;
    dy += pitch;
  }
}
