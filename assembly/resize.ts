/**
 * Bilinear resizing of a part of an image, with antialiasing. Where it shrinks, every pixel of the result is a weighted
 * mean of all that it covers (`antialias` of Pillow and PyTorch). Products are rounded before sums in every build.
 */
import { LANES, floats, loadTail, storeTail } from './simd';

/** Largest number of source pixels for one pixel of the result. */
@inline
function most(size: i32, length: i32, antialias: i32): i32 {
  const scale = <f64>length / <f64>size;
  return 2 * <i32>Math.ceil(antialias ? max<f64>(scale, 1) : 1) + 1;
}

/**
 * For each of `size` pixels of the result that show `length` of the source: the first of them, their count, and
 * `taps` weights of sum 1. Pixel i's centre is (i + ½)·length/size; the weight falls linearly from it to 0.
 */
function fillTable(table: usize, size: i32, length: i32, antialias: i32, taps: i32): void {
  const scale = <f64>length / <f64>size;
  const support = antialias ? max<f64>(scale, 1) : 1;
  for (let i = 0; i < size; i++) {
    let centre = (<f64>i + 0.5) * scale;
    // Without antialias, the border's pixel extends outside.
    if (!antialias) centre = min<f64>(max<f64>(centre, 0.5), <f64>length - 0.5);
    const first = max(<i32>(centre - support + 0.5), 0);
    const end = min(<i32>(centre + support + 0.5), length);
    let total: f64 = 0;
    for (let j = first; j < end; j++) total += weightOf(j, centre, support);
    store<i32>(table, first);
    store<i32>(table, end - first, 4);
    for (let j = first; j < end; j++) {
      store<f32>(table + 8 + floats(j - first), <f32>(weightOf(j, centre, support) / total));
    }
    table += 8 + floats(taps);
  }
}

@inline
function weightOf(j: i32, centre: f64, support: f64): f64 {
  return max<f64>(1 - Math.abs((<f64>j + 0.5 - centre) / support), 0);
}

/**
 * The `height`×`width` part of x's planes (C×h×w) from (top, left), resized to y, C×H×W. workspace: H·(2 + 2·⌈height/H⌉
 * + 3), the same for columns, and height·W floats.
 */
export function resizePlanes(
  C: i32,
  h: i32,
  w: i32,
  x: usize,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  H: i32,
  W: i32,
  antialias: i32,
  workspace: usize,
  y: usize,
): void {
  const tapsH = most(H, height, antialias);
  const tapsW = most(W, width, antialias);
  const rows = workspace;
  const columns = rows + floats(H * (2 + tapsH));
  const narrow = columns + floats(W * (2 + tapsW));
  fillTable(rows, H, height, antialias, tapsH);
  fillTable(columns, W, width, antialias, tapsW);
  for (let c = 0; c < C; c++) {
    const from = x + floats((c * h + top) * w + left);
    for (let i = 0; i < height; i++) {
      let entry = columns;
      for (let j = 0; j < W; j++) {
        const at = from + floats(i * w + load<i32>(entry));
        const count = load<i32>(entry, 4);
        let sum: f32 = 0;
        for (let k = 0; k < count; k++)
          sum += load<f32>(entry + 8 + floats(k)) * load<f32>(at + floats(k));
        store<f32>(narrow + floats(i * W + j), sum);
        entry += 8 + floats(tapsW);
      }
    }
    let entry = rows;
    for (let i = 0; i < H; i++) {
      const at = narrow + floats(load<i32>(entry) * W);
      const count = load<i32>(entry, 4);
      for (let j = 0; j < W; j += LANES) {
        const rest = W - j;
        let sum = f32x4.splat(0);
        for (let k = 0; k < count; k++) {
          const p = at + floats(k * W + j);
          const v = rest >= LANES ? v128.load(p) : loadTail(p, rest);
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(entry + 8 + floats(k)), v));
        }
        if (rest >= LANES) v128.store(y + floats(j), sum);
        else storeTail(y + floats(j), sum, rest);
      }
      y += floats(W);
      entry += 8 + floats(tapsH);
    }
  }
}
