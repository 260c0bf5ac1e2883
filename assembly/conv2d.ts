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
import { ROW, convolve, correlate, sumEachVector } from './conv2d-direct';
import {
  allRowPanels,
  KC,
  NC,
  paddedImage,
  pixelPanels,
  pixelsOf,
  SPILL_BYTES,
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
import { macroKernel } from './microkernel';
import { packA, packBAlong } from './pack';
import { LANES, floats } from './simd';

/** Largest number of channels for which images are read instead of packed panels. */
const DIRECT_CHANNELS: i32 = 4;

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
  const packedA = workspace + SPILL_BYTES;
  const packedB = packedA + floats(allRowPanels(O, K));
  const pixelTable = packedB + floats(pixelPanels(K, P, Q));
  const tapTable = pixelTable + floats(pixelsOf(P, Q));
  const image = tapTable + floats(min(K, KC));
  // The filters are packed once for all images, one block of k after another.
  for (let pc = 0; pc < K; pc += KC) {
    packA(w + floats(pc), floats(K), false, O, min(KC, K - pc), packedA + floats(O * pc));
  }
  // The border is zeroed once, and the images are written inside it.
  if (padded) memory.fill(image, 0, floats(C * height * width));
  for (let n = 0; n < N; n++) {
    const from = padded ? image : x + <usize>n * xImage;
    if (padded) padImage(x + <usize>n * xImage, C, H, W, ph, pw, height, width, image);
    const out = y + <usize>n * yImage;
    if (direct) {
      // The taps' offsets take the place of the packed pixels.
      if (n == 0) tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, packedB);
      convolve(from, width, packedB, K, w, O, P, Q, out);
    } else {
      for (let jc = 0; jc < pixels; jc += NC) {
        const nc = min(NC, pixels - jc);
        // A single block of pixels, or of taps, is the same for every image.
        if (n == 0 || pixels > NC) pixelOffsets(width, sh, sw, Q, jc, nc, pixelTable);
        for (let pc = 0; pc < K; pc += KC) {
          const kc = min(KC, K - pc);
          if (K > KC || (n == 0 && jc == 0))
            tapOffsets(height, width, kh, kw, dilationH, dilationW, pc, kc, tapTable);
          packPixels(from, pixelTable, nc, tapTable, kc, packedB);
          macroKernel(
            O,
            nc,
            kc,
            packedA + floats(O * pc),
            packedB,
            out + floats(jc),
            floats(pixels),
            pc == 0,
            workspace,
          );
        }
      }
    }
    if (b != 0 || code != NONE) {
      for (let o = 0; o < O; o++) {
        finishRow(code, out + floats(o * pixels), pixels, b ? load<f32>(b + floats(o)) : 0);
      }
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
  const tapTable = workspace + SPILL_BYTES;
  const image = tapTable + floats(K);
  const packedA = image + floats(paddedImage(C, H, W, ph, pw));
  const packedB = packedA + floats(allRowPanels(O, min(pixels, KC)));
  tapOffsets(height, width, kh, kw, dilationH, dilationW, 0, K, tapTable);
  const direct = sh == 1 && sw == 1 && Q % LANES == 0 && C <= DIRECT_CHANNELS;
  // The border is zeroed once, and the images are written inside it.
  if (padded) memory.fill(image, 0, floats(C * height * width));
  for (let n = 0; n < N; n++) {
    const from = padded ? image : x + <usize>n * xImage;
    if (padded) padImage(x + <usize>n * xImage, C, H, W, ph, pw, height, width, image);
    const rows = dy + <usize>n * yImage;
    if (direct) {
      // The sums take the place of the packed blocks.
      correlate(from, width, rows, O, P, Q, tapTable, K, packedA, n == 0);
      continue;
    }
    for (let pc = 0; pc < pixels; pc += KC) {
      const kc = min(KC, pixels - pc);
      packA(rows + floats(pc), floats(pixels), false, O, kc, packedA);
      packTaps(from, width, sh, sw, Q, tapTable, K, pc, kc, packedB);
      macroKernel(O, K, kc, packedA, packedB, dw, floats(K), n == 0 && pc == 0, workspace);
    }
  }
  if (direct) sumEachVector(packedA, O * K, dw);
}

/**
 * dx[n, c, p·sh + i·dilationH − ph, q·sw + j·dilationW − pw] += Σ_o w[o, c, i, j] · dy[n, o, p, q], over all taps and
 * pixels. Shapes as in convolution. One product per image makes the columns (K×P·Q), col2im adds them in tap order.
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
  const K = C * kh * kw;
  const pixels = P * Q;
  const height = H + 2 * ph;
  const width = W + 2 * pw;
  const padded = (ph | pw) != 0;
  const packedA = workspace + SPILL_BYTES;
  const packedB = packedA + floats(allRowPanels(K, O));
  // The columns of a 1×1 filter are the image.
  const plain = kh == 1 && kw == 1 && sh == 1 && sw == 1 && !padded;
  const scratch = packedB + floats(pixelPanels(O, P, Q));
  const image = scratch + floats(K * pixels);
  for (let pc = 0; pc < O; pc += KC) {
    packA(w + floats(pc * K), floats(K), true, K, min(KC, O - pc), packedA + floats(K * pc));
  }
  for (let n = 0; n < N; n++) {
    const rows = dy + <usize>n * yImage;
    const columns = plain ? dx + <usize>n * xImage : scratch;
    for (let jc = 0; jc < pixels; jc += NC) {
      const nc = min(NC, pixels - jc);
      for (let pc = 0; pc < O; pc += KC) {
        const kc = min(KC, O - pc);
        packBAlong(rows + floats(pc * pixels + jc), floats(pixels), nc, kc, packedB);
        macroKernel(
          K,
          nc,
          kc,
          packedA + floats(K * pc),
          packedB,
          columns + floats(jc),
          floats(pixels),
          pc == 0,
          workspace,
        );
      }
    }
    if (plain) continue;
    const to = padded ? image : dx + <usize>n * xImage;
    memory.fill(to, 0, floats(C * height * width));
    addColumns(columns, to, C, height, width, kh, kw, sh, sw, dilationH, dilationW, P, Q);
    if (padded) cropImage(image, C, H, W, ph, pw, dx + <usize>n * xImage);
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
