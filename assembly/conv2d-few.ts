/**
 * Convolutions of few filters, whose packed pixels would serve too few products to pay for the packing. The filters are
 * the vectors instead, and the tiles' rows are pixels, or taps for the gradient by the weights: both are read where they lie in the
 * (padded) image, through tables of their offsets. Every sum runs in the same order as in conv2d.ts, whose letters these are.
 *
 * Only in the fused builds, and where the engine keeps twelve sums in registers (loads.ts).
 */
import { NONE, finishRow } from './activation';
import { broadTiles, hasBroadTiles } from './loads';
import {
  FEW_FILTERS,
  FEW_PIXELS,
  FEW_TAPS,
  NR,
  SIX,
  SPILL_BYTES,
  upTo,
} from '../src/program/scratch';
import { padImage, pixelOffsets, tapOffsets } from './im2col';
import { packBAcross, storeTransposed } from './pack';
import { floats } from './simd';
import { tile6x8Offsets } from './tile6x8';

/** Whether a convolution is computed here: at most a quarter of its vectors' lanes may be without a filter. */
export function fewFilters(O: i32, K: i32, taps: i32, pixels: i32): bool {
  if (!hasBroadTiles || !broadTiles) return false;
  if (taps == 1 || pixels < 2 * SIX) return false;
  return O <= FEW_FILTERS && O * 4 >= upTo(O, NR) * 3 && K <= FEW_TAPS;
}

/** Repeats the last of `count` offsets until they are a multiple of six. */
function fillUp(table: usize, count: i32): void {
  const last = load<u32>(table + floats(count - 1));
  for (let i = count; i % SIX; i++) store<u32>(table + floats(i), last);
}

/** c[rows×O] (+)= rows at offsets of x times panels of `depth` steps; rows beyond the last are computed as well. */
function products(
  x: usize,
  rows: usize,
  count: i32,
  steps: usize,
  depth: i32,
  panels: usize,
  O: i32,
  c: usize,
  first: bool,
): void {
  const pitch = floats(upTo(O, NR));
  for (let i = 0; i < count; i += SIX) {
    for (let o = 0; o < O; o += NR) {
      const b = panels + floats(o * depth);
      const to = c + <usize>i * pitch + floats(o);
      tile6x8Offsets(x, rows + floats(i), steps, b, to, pitch, depth, first);
    }
  }
}

/** to[O×…] = from[rows×O]ᵀ, lines of `to` `pitch` bytes apart. */
function turn(from: usize, rows: i32, O: i32, to: usize, pitch: usize): void {
  const line = floats(upTo(O, NR));
  for (let o = 0; o < O; o++) {
    let at = from + floats(o);
    let out = to + <usize>o * pitch;
    let i = 0;
    if (o + 4 <= O && !(o & 3)) {
      for (; i <= rows - 4; i += 4) {
        const v0 = v128.load(at);
        const v1 = v128.load(at + line);
        const v2 = v128.load(at + line * 2);
        const v3 = v128.load(at + line * 3);
        storeTransposed(v0, v1, v2, v3, out, pitch);
        at += line * 4;
        out += 16;
      }
      for (; i < rows; i++) {
        for (let j = 0; j < 4; j++) {
          store<f32>(out + <usize>j * pitch, load<f32>(at + floats(j)));
        }
        at += line;
        out += 4;
      }
      o += 3;
      continue;
    }
    for (; i < rows; i++) {
      store<f32>(out, load<f32>(at));
      at += line;
      out += 4;
    }
  }
}

/** conv2d.ts's `convolution` for few filters. */
export function convolutionOfFew(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  dilationH: i32,
  dilationW: i32,
  P: i32,
  Q: i32,
  xImage: usize,
  yImage: usize,
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  code: i32,
  workspace: usize,
): void {
  const K = C * kh * kw;
  const pixels = P * Q;
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  const padded = (ph | pw) != 0;
  const filters = workspace + SPILL_BYTES;
  const tapTable = filters + floats(K * upTo(O, NR));
  const pixelTable = tapTable + floats(K);
  const block = pixelTable + floats(FEW_PIXELS + NR);
  const image = block + floats(FEW_PIXELS * upTo(O, NR));
  packBAcross(w, floats(K), O, K, filters);
  tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, tapTable);
  if (padded) memory.fill(image, 0, floats(C * height * width));
  for (let n = 0; n < N; n++) {
    const from = padded ? image : x + <usize>n * xImage;
    if (padded) padImage(x + <usize>n * xImage, C, H, W, ph, pw, height, width, image);
    const out = y + <usize>n * yImage;
    for (let jc = 0; jc < pixels; jc += FEW_PIXELS) {
      const nc = min(FEW_PIXELS, pixels - jc);
      if (n == 0 || pixels > FEW_PIXELS) {
        pixelOffsets(width, sh, sw, P, Q, 0, jc, nc, pixelTable);
        fillUp(pixelTable, nc);
      }
      products(from, pixelTable, nc, tapTable, K, filters, O, block, true);
      turn(block, nc, O, out + floats(jc), floats(pixels));
    }
    for (let o = 0; (b != 0 || code != NONE) && o < O; o++) {
      finishRow(code, out + floats(o * pixels), pixels, b ? load<f32>(b + floats(o)) : 0);
    }
  }
}

/** conv2d.ts's `weightGradient` for few filters. */
export function weightGradientOfFew(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  dilationH: i32,
  dilationW: i32,
  P: i32,
  Q: i32,
  xImage: usize,
  yImage: usize,
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  const K = C * kh * kw;
  const pixels = P * Q;
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  const padded = (ph | pw) != 0;
  const slopes = workspace + SPILL_BYTES;
  const tapTable = slopes + floats(FEW_PIXELS * upTo(O, NR));
  const pixelTable = tapTable + floats(upTo(K, SIX));
  const sums = pixelTable + floats(FEW_PIXELS + NR);
  const image = sums + floats(upTo(K, SIX) * upTo(O, NR));
  tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, tapTable);
  fillUp(tapTable, K);
  if (padded) memory.fill(image, 0, floats(C * height * width));
  for (let n = 0; n < N; n++) {
    const from = padded ? image : x + <usize>n * xImage;
    if (padded) padImage(x + <usize>n * xImage, C, H, W, ph, pw, height, width, image);
    for (let jc = 0; jc < pixels; jc += FEW_PIXELS) {
      const nc = min(FEW_PIXELS, pixels - jc);
      if (n == 0 || pixels > FEW_PIXELS) pixelOffsets(width, sh, sw, P, Q, 0, jc, nc, pixelTable);
      packBAcross(dy + <usize>n * yImage + floats(jc), floats(pixels), O, nc, slopes);
      products(from, tapTable, K, pixelTable, nc, slopes, O, sums, n == 0 && jc == 0);
    }
  }
  turn(sums, K, O, dw, floats(K));
}
