/**
 * Convolutions with dilation and groups, computed group by group. Group g reads channels [g·C/groups, (g + 1)·C/groups)
 * and writes the same share of the O outputs, so it is `convolution` (conv2d.ts) of a part of each image. Letters as
 * there, with C and O of all groups together; w: O×C/groups×kh×kw.
 */
import { convolution, inputGradient, weightGradient } from './conv2d';
import { floats } from './simd';

/** `convolution` of each group. workspace: that of one group, `conv2dWorkspace`. */
export function conv2dGrouped(
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
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  code: i32,
  workspace: usize,
): void {
  const inputs = C / groups;
  const outputs = O / groups;
  for (let g = 0; g < groups; g++) {
    convolution(
      N,
      inputs,
      H,
      W,
      outputs,
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
      floats(C * H * W),
      floats(O * P * Q),
      x + floats(g * inputs * H * W),
      w + floats(g * outputs * inputs * kh * kw),
      b ? b + floats(g * outputs) : 0,
      y + floats(g * outputs * P * Q),
      code,
      workspace,
    );
  }
}

/** `weightGradient` of each group. workspace: that of one group, `conv2dWeightGradientWorkspace`. */
export function conv2dGroupedWeightGradient(
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
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  const inputs = C / groups;
  const outputs = O / groups;
  for (let g = 0; g < groups; g++) {
    weightGradient(
      N,
      inputs,
      H,
      W,
      outputs,
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
      floats(C * H * W),
      floats(O * P * Q),
      x + floats(g * inputs * H * W),
      dy + floats(g * outputs * P * Q),
      dw + floats(g * outputs * inputs * kh * kw),
      workspace,
    );
  }
}

/** `inputGradient` of each group. workspace: that of one group, `conv2dInputGradientWorkspace`. */
export function conv2dGroupedInputGradient(
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
  w: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  const inputs = C / groups;
  const outputs = O / groups;
  for (let g = 0; g < groups; g++) {
    inputGradient(
      N,
      inputs,
      H,
      W,
      outputs,
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
      floats(C * H * W),
      floats(O * P * Q),
      w + floats(g * outputs * inputs * kh * kw),
      dy + floats(g * outputs * P * Q),
      dx + floats(g * inputs * H * W),
      workspace,
    );
  }
}
