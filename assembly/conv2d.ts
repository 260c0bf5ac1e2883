/**
 * 2-D cross-correlation with stride and zero padding, forward and both gradients, as matrix products.
 * Implicit im2col: the packing of B reads the (padded) image, so no column matrix is stored; only the
 * gradient by the input goes through one image's columns, which col2im adds up.
 *
 * Letters: N images, C channels of H×W, O filters of kh×kw, outputs of P×Q; strides sh, sw; padding
 * ph, pw; K = C·kh·kw taps. All float32, NCHW and OIHW.
 *
 * `convolution`, `weightGradient` and `inputGradient` also take a dilation, and the bytes from one image to the
 * next on both sides, so that a group of the channels is a convolution of its own (conv2d-grouped.ts).
 */
import { NONE, finishRow } from './activation';
import { convolveInside, inputGradientInside, weightGradientInside } from './conv2d-inside';
import { ROW, convolve, correlate, sumEachVector } from './conv2d-direct';
import { convolutionOfFew, fewFilters, weightGradientOfFew } from './conv2d-few';
import {
  allRowPanels,
  besideEachOther,
  channelsTogether,
  DIRECT_CHANNELS,
  imagesBeside,
  imagesDeep,
  KC,
  leavesOut,
  MC,
  NC,
  NR,
  paddedImage,
  pixelPanels,
  pixelsDeep,
  pixelsOf,
  rowPanels,
  SPILL_BYTES,
  upTo,
} from '../src/program/scratch';
import {
  addColumns,
  cropImage,
  packPixels,
  packTaps,
  padImage,
  pixelOffsets,
  tapOffsets,
} from './im2col';
import { hasBroadTiles } from './loads';
import { matmul } from './matmul';
import { macroKernel } from './microkernel';
import { packA, packAPart, packBAlong } from './pack';
import { LANES, floats } from './simd';

/**
 * y[n, o, p, q] = f(b[o] + Σ_{c,i,j} w[o, c, i, j] · x[n, c, p·sh + i·dilationH − ph, q·sw + j·dilationW − pw])
 * x: N×C×H×W, w: O×C×kh×kw, b: O or 0, y: N×O×P×Q; code: activation f.
 * workspace: see src/ops/workspace.ts, `conv2dWorkspace`.
 */
export function convolution(
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
  const direct = sh == 1 && sw == 1 && Q >= ROW && C <= DIRECT_CHANNELS;
  if (hasBroadTiles && !direct && fewFilters(O, K, kh * kw, pixels)) {
    convolutionOfFew(
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
      xImage,
      yImage,
      x,
      w,
      b,
      y,
      code,
      workspace,
    );
    return;
  }
  let group = 1;
  if (!isDefined(INFERENCE) && !direct) group = imagesBeside(N, P, Q);
  const plain = kh == 1 && kw == 1 && sh == 1 && sw == 1 && !padded && group == 1;
  const packedA = workspace + SPILL_BYTES;
  const packedB = packedA + floats(rowPanels(O, K));
  const pixelTable = packedB + floats(pixelPanels(K, group * P, Q));
  const tapTable = pixelTable + floats(pixelsOf(group * P, Q));
  const products = tapTable + floats(min(K, KC));
  const image = products + floats(besideEachOther(group, O, P, Q));
  const padding = floats(C * height * width);
  // The border is zeroed once, and the images are written inside it.
  if (padded) memory.fill(image, 0, <usize>group * padding);
  // The taps' offsets take the place of the packed pixels.
  if (direct) tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, packedB);
  const inside =
    !isDefined(INFERENCE) &&
    !direct &&
    leavesOut(N, H, W, kh, kw, sh, sw, ph, pw, dilationH, dilationW, P, Q);
  for (let n = 0; n < N; n += group) {
    const images = min(group, N - n);
    let from = x + <usize>n * xImage;
    if (!isDefined(INFERENCE) && inside) {
      convolveInside(
        images,
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
        xImage,
        yImage,
        from,
        w,
        y + <usize>n * yImage,
        workspace,
      );
    }
    for (let i = 0; padded && i < images; i++) {
      const to = image + <usize>i * padding;
      padImage(from + <usize>i * xImage, C, H, W, ph, pw, height, width, to);
    }
    if (padded) from = image;
    const columns = images * pixels;
    const out = y + <usize>n * yImage;
    const to = group > 1 ? products : out;
    if (direct) convolve(from, width, packedB, K, w, O, P, Q, out);
    for (let jc = 0; !direct && !inside && jc < columns; jc += NC) {
      const nc = min(NC, columns - jc);
      // A single block of pixels, or of taps, is the same for every group of images.
      const table = n == 0 || columns > NC || images < group;
      const pitch = padded ? padding : xImage;
      if (table && !plain) pixelOffsets(width, sh, sw, P, Q, pitch, jc, nc, pixelTable);
      for (let pc = 0; pc < K; pc += KC) {
        const kc = min(KC, K - pc);
        const first = n == 0 && jc == 0;
        if (plain) {
          packBAlong(from + floats(pc * pixels + jc), floats(pixels), nc, kc, packedB);
        } else {
          if (K > KC || first)
            tapOffsets(height, width, kh, kw, dilationH, dilationW, pc, kc, tapTable);
          packPixels(from, pixelTable, nc, tapTable, kc, packedB);
        }
        for (let ic = 0; ic < O; ic += MC) {
          const mc = min(MC, O - ic);
          if (K > KC || O > MC || first)
            packA(w + floats(ic * K + pc), floats(K), false, mc, kc, packedA);
          const c = to + floats(ic * columns + jc);
          macroKernel(mc, nc, kc, packedA, packedB, c, floats(columns), pc == 0, workspace);
        }
      }
    }
    if (group > 1 && !inside) separate(products, images, O, pixels, out, yImage);
    if (b == 0 && code == NONE) continue;
    for (let i = 0; i < images; i++) finishRows(code, out + <usize>i * yImage, O, pixels, b);
  }
}

/** Bias and activation of O planes. */
function finishRows(code: i32, y: usize, O: i32, pixels: i32, b: usize): void {
  for (let o = 0; o < O; o++) {
    finishRow(code, y + floats(o * pixels), pixels, b ? load<f32>(b + floats(o)) : 0);
  }
}

/** Copies rows of several images' pixels, side by side, to the images themselves. */
function separate(from: usize, images: i32, rows: i32, pixels: i32, to: usize, pitch: usize): void {
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < images; i++) {
      const out = to + <usize>i * pitch + floats(row * pixels);
      let j = 0;
      for (; j <= pixels - 4; j += 4) v128.store(out + floats(j), v128.load(from + floats(j)));
      for (; j < pixels; j++) store<f32>(out + floats(j), load<f32>(from + floats(j)));
      from += floats(pixels);
    }
  }
}

/**
 * dw[o, c, i, j] = Σ_{n,p,q} dy[n, o, p, q] · x[n, c, p·sh + i·dilationH − ph, q·sw + j·dilationW − pw]
 * Shapes as in convolution. The sum runs over n, then p, then q; with few channels, each lane over its own q.
 */
export function weightGradient(
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
  const direct = sh == 1 && sw == 1 && Q % LANES == 0 && C <= DIRECT_CHANNELS;
  if (hasBroadTiles && !direct && fewFilters(O, K, kh * kw, pixels)) {
    weightGradientOfFew(
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
      xImage,
      yImage,
      x,
      dy,
      dw,
      workspace,
    );
    return;
  }
  const group = imagesDeep(N, P, Q);
  const depth = pixelsDeep(P, Q);
  const padding = floats(C * height * width);
  const tapTable = workspace + SPILL_BYTES;
  const image = tapTable + floats(K);
  const packedA = image + floats(group * paddedImage(C, H, W, ph, pw));
  const packedB = packedA + floats(allRowPanels(O, group * depth));
  tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, tapTable);
  if (
    !direct &&
    group == N &&
    leavesOut(N, H, W, kh, kw, sh, sw, ph, pw, dilationH, dilationW, P, Q)
  ) {
    weightGradientInside(
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
      xImage,
      yImage,
      x,
      dy,
      dw,
      workspace,
    );
    return;
  }
  // The border is zeroed once, and the images are written inside it.
  if (padded) memory.fill(image, 0, <usize>group * padding);
  for (let n = 0; n < N; n += group) {
    const images = min(group, N - n);
    let from = x + <usize>n * xImage;
    for (let i = 0; padded && i < images; i++) {
      const to = image + <usize>i * padding;
      padImage(from + <usize>i * xImage, C, H, W, ph, pw, height, width, to);
    }
    if (padded) from = image;
    const pitch = padded ? padding : xImage;
    const rows = dy + <usize>n * yImage;
    if (direct) {
      // The sums take the place of the packed blocks.
      for (let i = 0; i < images; i++) {
        const at = from + <usize>i * pitch;
        const slopes = rows + <usize>i * yImage;
        correlate(at, width, slopes, O, P, Q, tapTable, K, packedA, n + i == 0);
      }
      continue;
    }
    for (let pc = 0; pc < pixels; pc += depth) {
      const part = min(depth, pixels - pc);
      const kc = images * part;
      for (let i = 0; i < images; i++) {
        const slopes = rows + <usize>i * yImage + floats(pc);
        packAPart(slopes, floats(pixels), O, part, i * part, kc, packedA);
      }
      for (let jc = 0; jc < K; jc += NC) {
        const nc = min(NC, K - jc);
        for (let i = 0; i < images; i++) {
          const at = from + <usize>i * pitch;
          const to = packedB + floats(i * part * NR);
          packTaps(at, width, sh, sw, Q, tapTable + floats(jc), nc, pc, part, kc, to);
        }
        for (let ic = 0; ic < O; ic += MC) {
          const a = packedA + floats(ic * kc);
          const c = dw + floats(ic * K + jc);
          const first = n == 0 && pc == 0;
          macroKernel(min(MC, O - ic), nc, kc, a, packedB, c, floats(K), first, workspace);
        }
      }
    }
  }
  if (direct) sumEachVector(packedA, O * K, dw);
}

/**
 * dx[n, c, p·sh + i·dilationH − ph, q·sw + j·dilationW − pw] += Σ_o w[o, c, i, j] · dy[n, o, p, q], over all taps and
 * pixels. Shapes as in convolution. For a few channels at a time, one product makes the columns of a group of images
 * (taps × pixels), and col2im adds them in tap order.
 */
export function inputGradient(
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
  w: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  const taps = kh * kw;
  const K = C * taps;
  const pixels = P * Q;
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  const padded = (ph | pw) != 0;
  let group = 1;
  if (!isDefined(INFERENCE)) group = imagesBeside(N, P, Q);
  const channels = channelsTogether(C, kh, kw);
  const rows = channels * taps;
  // The columns of a 1×1 filter are the image.
  const plain = kh == 1 && kw == 1 && sh == 1 && sw == 1 && !padded;
  const packedA = workspace + SPILL_BYTES;
  const packedB = packedA + floats(allRowPanels(rows, min(O, KC)));
  const panels = upTo(group * pixels, NR);
  const pixelTable = packedB + floats(O * panels);
  const rowTable = pixelTable + floats(pixelsOf(group * P, Q));
  const scratch = rowTable + floats(min(O, KC));
  const image = scratch + floats(rows * group * pixels);
  const inside =
    !isDefined(INFERENCE) && leavesOut(N, H, W, kh, kw, sh, sw, ph, pw, dilationH, dilationW, P, Q);
  for (let n = 0; n < N; n += group) {
    const images = min(group, N - n);
    const columns = images * pixels;
    if (!isDefined(INFERENCE) && inside) {
      inputGradientInside(
        images,
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
        xImage,
        yImage,
        w,
        dy + <usize>n * yImage,
        dx + <usize>n * xImage,
        workspace,
      );
      continue;
    }
    const slopes = dy + <usize>n * yImage;
    if (plain && group == 1) {
      const out = dx + <usize>n * xImage;
      matmul(1, 0, C, pixels, O, w, slopes, 0, out, NONE, workspace);
      continue;
    }
    if (group > 1) pixelOffsets(Q, 1, 1, P, Q, yImage, 0, columns, pixelTable);
    for (let pc = 0; pc < O; pc += KC) {
      const kc = min(KC, O - pc);
      const to = packedB + floats(pc * panels);
      if (group > 1) {
        tapOffsets(P, Q, 1, 1, 1, 1, pc, kc, rowTable);
        packPixels(slopes, pixelTable, columns, rowTable, kc, to);
      } else {
        packBAlong(slopes + floats(pc * pixels), floats(pixels), columns, kc, to);
      }
    }
    for (let c0 = 0; c0 < C; c0 += channels) {
      const some = min(channels, C - c0);
      const m = some * taps;
      const out = dx + <usize>n * xImage + floats(c0 * H * W);
      for (let pc = 0; pc < O; pc += KC) {
        const kc = min(KC, O - pc);
        if (O > KC || C > channels || n == 0)
          packA(w + floats(pc * K + c0 * taps), floats(K), true, m, kc, packedA);
        const b = packedB + floats(pc * panels);
        macroKernel(m, columns, kc, packedA, b, scratch, floats(columns), pc == 0, workspace);
      }
      if (!isDefined(INFERENCE) && plain) {
        separate(scratch, images, m, pixels, out, xImage);
        continue;
      }
      for (let i = 0; i < images; i++) {
        const own = out + <usize>i * xImage;
        const sums = padded ? image : own;
        memory.fill(sums, 0, floats(some * height * width));
        const from = scratch + floats(i * pixels);
        const pitch = floats(columns);
        addColumns(
          from,
          pitch,
          sums,
          some,
          height,
          width,
          kh,
          kw,
          sh,
          sw,
          dilationH,
          dilationW,
          P,
          Q,
        );
        if (padded) cropImage(image, some, H, W, ph, pw, own);
      }
    }
  }
}

/** `convolution` of whole images without dilation. */
export function conv2d(
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
  P: i32,
  Q: i32,
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  code: i32,
  workspace: usize,
): void {
  convolution(
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
    1,
    1,
    P,
    Q,
    floats(C * H * W),
    floats(O * P * Q),
    x,
    w,
    b,
    y,
    code,
    workspace,
  );
}

/** `weightGradient` of whole images without dilation. */
export function conv2dWeightGradient(
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
  P: i32,
  Q: i32,
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  weightGradient(
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
    1,
    1,
    P,
    Q,
    floats(C * H * W),
    floats(O * P * Q),
    x,
    dy,
    dw,
    workspace,
  );
}

/** `inputGradient` of whole images without dilation. */
export function conv2dInputGradient(
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
  P: i32,
  Q: i32,
  w: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  inputGradient(
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
    1,
    1,
    P,
    Q,
    floats(C * H * W),
    floats(O * P * Q),
    w,
    dy,
    dx,
    workspace,
  );
}
