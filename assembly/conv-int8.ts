/**
 * Convolutions of bytes: pixels with their channels side by side (N×H×W×C), read where they lie. A row of taps is kw·C
 * neighbours in the image; with groups or a horizontal dilation each tap is a row of its own. Weights come packed
 * (src/quantize/pack-weights.ts). Dense layers are convolutions of 1×1 pixels.
 *
 * N, C, H, W: input; O, kh, kw: filters; P, Q: output; sums are exact in int32 up to 133,144 taps (127² each).
 */
import { PANEL, PIXELS, SLACK, STEP, SUM_BYTES, tableBytes } from '../src/program/int8-scratch';
import { finishPixels, finishRun } from './requantise';
import { rowInt8, tilesInt8 } from './tile-int8';
import { takeTable, translate } from './translate';

/** The most pixels that are faster one by one than in a tile. */
const FEW: i32 = 3;

/** The workspace: sums, then places of pixels, rows of taps, and one image within its borders. */
@inline
export function pixelsIn(workspace: usize): usize {
  return workspace + <usize>(PIXELS * SUM_BYTES);
}

@inline
export function offsetsIn(workspace: usize): usize {
  return workspace + <usize>(PIXELS * (SUM_BYTES + 4) + SLACK);
}

/** Offsets from a pixel of its rows of taps: kh, or with `apart` kh·kw. Returns their number. */
export function tapRows(
  C: i32,
  width: i32,
  kh: i32,
  kw: i32,
  dilationH: i32,
  dilationW: i32,
  apart: bool,
  to: usize,
): i32 {
  const columns = apart ? kw : 1;
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < columns; j++) {
      store<u32>(to, <u32>((i * dilationH * width + j * dilationW) * C));
      to += 4;
    }
  }
  return kh * columns;
}

/** Places in the images of pixels `first` and on, `count` of all N·P·Q; the last is repeated to fill any tile. */
export function placePixels(
  first: i32,
  count: i32,
  C: i32,
  height: i32,
  width: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  to: usize,
): void {
  const step = sw * C;
  const steps = i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3));
  const four = i32x4.splat(step * 4);
  let n = first / (P * Q);
  let p = (first / Q) % P;
  let q = first % Q;
  let at = 0;
  for (;;) {
    const run = min(Q - q, count);
    at = ((n * height + p * sh) * width + q * sw) * C;
    let places = i32x4.add(i32x4.splat(at), steps);
    // What is written behind a row's end, the next one overwrites.
    for (let i = 0; i < run; i += 4) {
      v128.store(to + ((<usize>i) << 2), places);
      places = i32x4.add(places, four);
    }
    to += (<usize>run) << 2;
    at += (run - 1) * step;
    count -= run;
    if (count == 0) break;
    q = 0;
    if (++p == P) {
      p = 0;
      n++;
    }
  }
  const last = i32x4.splat(at);
  v128.store(to, last);
  v128.store(to, last, 16);
}

/** The image of H×W pixels inside its border, which is there already. */
export function insert(x: usize, C: i32, H: i32, W: i32, ph: i32, pw: i32, image: usize): void {
  const bytes = <usize>(W * C);
  const pitch = <usize>((W + 2 * pw) * C);
  let to = image + <usize>ph * pitch + <usize>(pw * C);
  for (let i = 0; i < H; i++) {
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(to + at, v128.load(x + at));
    for (; at < bytes; at++) store<u8>(to + at, load<u8>(x + at));
    x += bytes;
    to += pitch;
  }
}

/** Floats of sums: y[n, o, pixel] = scale[o]·sum. */
function finishFloats(
  sums: usize,
  first: i32,
  count: i32,
  scale: usize,
  o: i32,
  outputs: i32,
  O: i32,
  area: i32,
  y: usize,
): void {
  for (let i = first; i < first + count; i++) {
    const to = y + ((<usize>((i / area) * O + o) * area + (i % area)) << 2);
    for (let j = 0; j < outputs; j++) {
      const place = (<usize>j) << 2;
      store<f32>(to + place * area, load<f32>(scale + place) * <f32>load<i32>(sums + place));
    }
    sums += SUM_BYTES;
  }
}

/** Outputs of one pixel whose sums the workspace holds. */
const OUTPUTS: i32 = (PIXELS * SUM_BYTES) / 4;

/** `filters` outputs from `o` on of pixel `pixel`: bytes at y or, with `scale`, floats of N×O×area. */
function onePixel(
  x: usize,
  offsets: usize,
  rows: i32,
  steps: i32,
  w: usize,
  panel: usize,
  filters: i32,
  bias: usize,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  scale: usize,
  pixel: i32,
  o: i32,
  O: i32,
  area: i32,
  y: usize,
  workspace: usize,
): void {
  for (let i = 0; i < filters; i += OUTPUTS) {
    const count = min(filters - i, OUTPUTS);
    const at = (<usize>i) << 2;
    const from = w + <usize>(i / PANEL) * panel;
    rowInt8(
      x,
      offsets,
      rows,
      steps,
      from,
      panel,
      (count + PANEL - 1) / PANEL,
      bias + at,
      workspace,
    );
    if (scale) finishFloats(workspace, pixel, 1, scale + at, o + i, count, O, area, y);
    else finishRun(workspace, count, m + at, OUTPUTS, shift, zeroY, low, high, y + i);
  }
}

/** N images with borders; with `scale` the results are floats, else bytes. */
function images(
  groups: i32,
  apart: bool,
  N: i32,
  C: i32,
  height: i32,
  width: i32,
  O: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  x: usize,
  w: usize,
  bias: usize,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  table: usize,
  scale: usize,
  y: usize,
  workspace: usize,
): void {
  const pixels = pixelsIn(workspace);
  const offsets = offsetsIn(workspace);
  const inputs = C / groups;
  const filters = O / groups;
  const rows = apart ? kh * kw : kh;
  const steps = ((apart ? inputs : kw * inputs) + STEP - 1) / STEP;
  const panel = <usize>(rows * steps * PANEL * STEP);
  const all = N * P * Q;
  if (all <= FEW) {
    placePixels(0, all, C, height, width, sh, sw, P, Q, pixels);
    for (let i = 0; i < all; i++) {
      const place = x + <usize>load<u32>(pixels + ((<usize>i) << 2));
      let from = w;
      for (let g = 0; g < groups; g++) {
        const o = g * filters;
        const at = (<usize>o) << 2;
        const to = y + <usize>(i * O + o);
        onePixel(
          place + g * inputs,
          offsets,
          rows,
          steps,
          from,
          panel,
          filters,
          bias + at,
          m + at,
          shift,
          zeroY,
          low,
          high,
          scale ? scale + at : 0,
          i,
          o,
          O,
          P * Q,
          scale ? y : to,
          workspace,
        );
        from += panel * ((filters + PANEL - 1) / PANEL);
      }
    }
    if (table) translate(all * O, y, y);
    return;
  }
  // Few outputs stand side by side, pixel after pixel, as do their results.
  const isDense = groups == 1 && O <= 2 * PANEL && !scale;
  const pitch: usize = isDense ? (<usize>O) << 2 : SUM_BYTES;
  if (isDense) repeatFactors(m, O, factorsIn(workspace));
  for (let first = 0; first < all; first += PIXELS) {
    const count = min(all - first, PIXELS);
    placePixels(first, count, C, height, width, sh, sw, P, Q, pixels);
    const to = y + <usize>first * O;
    let from = w;
    for (let g = 0; g < groups; g++) {
      for (let i = 0; i < filters; i += 2 * PANEL) {
        const o = g * filters + i;
        const at = (<usize>o) << 2;
        const outputs = min(filters - i, 2 * PANEL);
        const isPair = outputs > PANEL;
        const next = from + (isPair ? panel : 0);
        const start = v128.load(bias + at);
        const start1 = isPair ? v128.load(bias + at, 16) : start;
        tilesInt8(
          x + g * inputs,
          pixels,
          count,
          offsets,
          rows,
          steps,
          from,
          next,
          start,
          start1,
          workspace,
          pitch,
        );
        if (scale) finishFloats(workspace, first, count, scale + at, o, outputs, O, P * Q, y);
        else if (!isDense)
          finishPixels(workspace, count, m + at, shift, zeroY, low, high, to + o, O, outputs);
        from = next + panel;
      }
    }
    if (isDense)
      finishRun(workspace, count * O, factorsIn(workspace), 16 * O, shift, zeroY, low, high, to);
    if (table) translate(count * O, to, to);
  }
}

/** Multipliers of up to 8 outputs, again and again, behind the sums of as many. */
@inline
function factorsIn(workspace: usize): usize {
  return workspace + <usize>(PIXELS * SUM_BYTES - 512);
}

/** m, 16 times. */
function repeatFactors(m: usize, O: i32, to: usize): void {
  for (let i = 0; i < 16 * O; i += O) {
    v128.store(to, v128.load(m));
    // Behind them is room, and the next overwrite it.
    if (O > 4) v128.store(to, v128.load(m, 16), 16);
    to += (<usize>O) << 2;
  }
}

/** Images one after the other within borders of zeroX, or all at once if they have none. */
function convolve(
  groups: i32,
  apart: bool,
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
  zeroX: i32,
  x: usize,
  w: usize,
  bias: usize,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  table: usize,
  scale: usize,
  y: usize,
  workspace: usize,
): void {
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  if (table) {
    takeTable(table, 256);
    zeroY = 128;
    low = 0;
    high = 255;
  }
  tapRows(C, width, kh, kw, dilationH, dilationW, apart, offsetsIn(workspace));
  if (!(ph | pw)) {
    images(
      groups,
      apart,
      N,
      C,
      H,
      W,
      O,
      kh,
      kw,
      sh,
      sw,
      P,
      Q,
      x,
      w,
      bias,
      m,
      shift,
      zeroY,
      low,
      high,
      table,
      scale,
      y,
      workspace,
    );
    return;
  }
  const image = workspace + <usize>tableBytes(kh, kw);
  memory.fill(image, <u8>zeroX, <usize>(height * width * C));
  const results = (<usize>(P * Q * O)) << (scale ? 2 : 0);
  for (let n = 0; n < N; n++) {
    insert(x, C, H, W, ph, pw, image);
    images(
      groups,
      apart,
      1,
      C,
      height,
      width,
      O,
      kh,
      kw,
      sh,
      sw,
      P,
      Q,
      image,
      w,
      bias,
      m,
      shift,
      zeroY,
      low,
      high,
      table,
      scale,
      y,
      workspace,
    );
    x += <usize>(H * W * C);
    y += results;
  }
}

/**
 * y[n, p, q, o] = byte of bias[o] + Σ_{i,j,c} w[o, c, i, j] · x[n, p·sh + i·dilationH − ph, …, c], where x is zeroX outside
 * the image. With dilationW > 1, C is a multiple of 4. workspace: `convInt8Workspace`.
 */
export function convInt8(
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
  zeroX: i32,
  x: usize,
  w: usize,
  bias: usize,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  table: usize,
  y: usize,
  workspace: usize,
): void {
  convolve(
    1,
    dilationW > 1,
    N,
    C,
    H,
    W,
    O,
    kh,
    kw,
    sh,
    sw,
    ph,
    pw,
    dilationH,
    dilationW,
    P,
    Q,
    zeroX,
    x,
    w,
    bias,
    m,
    shift,
    zeroY,
    low,
    high,
    table,
    0,
    y,
    workspace,
  );
}

/** y[n, o, p, q] = scale[o] times that sum, rounded once as float32 and multiplied once. */
export function convInt8Floats(
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
  zeroX: i32,
  x: usize,
  w: usize,
  bias: usize,
  scale: usize,
  y: usize,
  workspace: usize,
): void {
  convolve(
    1,
    dilationW > 1,
    N,
    C,
    H,
    W,
    O,
    kh,
    kw,
    sh,
    sw,
    ph,
    pw,
    dilationH,
    dilationW,
    P,
    Q,
    zeroX,
    x,
    w,
    bias,
    0,
    0,
    0,
    0,
    0,
    0,
    scale,
    y,
    workspace,
  );
}

/** As convInt8, with groups of C/groups channels and O/groups filters, or one group and any dilation. */
export function convInt8Grouped(
  groups: i32,
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
  zeroX: i32,
  x: usize,
  w: usize,
  bias: usize,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  table: usize,
  y: usize,
  workspace: usize,
): void {
  convolve(
    groups,
    true,
    N,
    C,
    H,
    W,
    O,
    kh,
    kw,
    sh,
    sw,
    ph,
    pw,
    dilationH,
    dilationW,
    P,
    Q,
    zeroX,
    x,
    w,
    bias,
    m,
    shift,
    zeroY,
    low,
    high,
    table,
    0,
    y,
    workspace,
  );
}
