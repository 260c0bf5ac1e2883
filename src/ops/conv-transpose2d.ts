/**
 * Transposed convolution (Zeiler et al. 2010; Dumoulin & Visin 2016, §4). It is the gradient of conv2d by its input, as
 * an op of its own; its inputs are conv2d's outputs.
 */
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { add } from './binary.js';
import { inputGradient } from './conv2d.js';
import {
  checkGroups,
  checkPair,
  reach,
  showPair,
  type Geometry,
  type Pair,
} from './conv2d-extents.js';
import { checkBias } from './matmul.js';
import { pad2d } from './pad2d.js';
import { reshape } from './reshape.js';

export interface ConvTranspose2dAttributes extends Geometry {
  /** Additional rows and columns, less than the stride or the dilation, which choose among conv2d's possible inputs. */
  readonly outputPadding: Pair;
}

/** Outputs along one axis: (P − 1)·stride − 2·padding + reach + outputPadding. */
const outputs = (P: number, kernel: number, at: 0 | 1, a: ConvTranspose2dAttributes): number =>
  (P - 1) * a.stride[at] - 2 * a.padding[at] + reach(kernel, a.dilation[at]) + a.outputPadding[at];

/**
 * y[n, o, p·sh + i·dh − ph, q·sw + j·dw − pw] += Σ_c w[c, o, i, j] · x[n, c, p, q], plus b[o].
 * x: N×C×P×Q, w: C×O/groups×kh×kw, b: O or null; y: N×O×H×W with H = (P − 1)·sh − 2·ph + dh·(kh − 1) +
 * outputPadding + 1.
 * @throws ShapeError if channels differ, groups do not divide them, or the output would be empty.
 */
export function convTranspose2d(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  attributes: ConvTranspose2dAttributes,
): Tensor {
  const op = 'convTranspose2d';
  const { stride, padding, dilation, groups, outputPadding } = attributes;
  if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[0]) {
    throw new ShapeError(
      op,
      `input ${showShape(x.shape)} (N×C×H×W) does not fit weight ${showShape(w.shape)} (C×O/groups×kh×kw)`,
    );
  }
  const [N, C, P, Q] = x.shape as [number, number, number, number];
  const [, each, kh, kw] = w.shape as [number, number, number, number];
  checkGroups(op, groups, C, each * groups);
  checkPair(op, 'stride', stride, 1);
  checkPair(op, 'padding', padding, 0);
  checkPair(op, 'dilation', dilation, 1);
  checkPair(op, 'outputPadding', outputPadding, 0);
  if (outputPadding.some((extra, at) => extra >= Math.max(stride[at]!, dilation[at]!))) {
    const most = `stride ${showPair(stride)} or dilation ${showPair(dilation)}`;
    throw new ShapeError(op, `outputPadding ${showPair(outputPadding)} is not less than ${most}`);
  }
  const [H, W] = [outputs(P, kh, 0, attributes), outputs(Q, kw, 1, attributes)];
  if (H < 1 || W < 1) {
    const found = `padding ${showPair(padding)} leaves nothing of input ${P}×${Q}`;
    throw new ShapeError(op, `${found} with kernel ${kh}×${kw}: the output would be ${H}×${W}`);
  }
  checkBias(op, b ?? undefined, each * groups);
  // With more than the stride, conv2d would have windows there, of zeros.
  const [below, right] = outputPadding.map((extra, at) => Math.floor(extra / stride[at]!));
  const padded = below || right ? pad2d(x, [0, right!, 0, below!]) : x;
  const y = inputGradient(w, padded, [N, each * groups, H, W], attributes);
  return b ? add(y, reshape(b, [each * groups, 1, 1])) : y;
}
