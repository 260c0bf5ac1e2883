/**
 * 2-D cross-correlation, which the field calls convolution (Goodfellow et al. 2016, §9.1). Layouts are NCHW and OIHW,
 * with stride, padding, dilation and groups. The product is bilinear, so its two gradients and their gradients are the
 * same three functions again.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import type { Shape, Tensor } from '../graph/tensor.js';
import { activationCodes, type Activation } from './activation.js';
import {
  checkOperands,
  checkPair,
  extents,
  flops,
  groupOf,
  kernelsFor,
  leading,
  leadingDilated,
  leadingTiled,
  reach,
  showPair,
  tileOf,
  trailingTiled,
  turned,
  type Algorithm,
  type Extents,
  type Geometry,
  type Pair,
} from './conv2d-extents.js';
import { checkBias } from './matmul.js';
import { pad2d, type PaddingMode, type Sides } from './pad2d.js';
import { sumChannels } from './sum.js';
import {
  conv2dInputGradientWorkspace,
  conv2dWeightGradientWorkspace,
  conv2dWorkspace,
  depthwiseInputGradientWorkspace,
  depthwiseWeightGradientWorkspace,
  depthwiseWorkspace,
  winogradWeightGradientWorkspace,
  winogradWorkspace,
} from './workspace.js';

export { checkPair, windows, type Algorithm, type Pair } from './conv2d-extents.js';

export interface Conv2dAttributes {
  readonly stride: Pair;
  /**
   * Rows above and below, columns left and right; `valid` is none. `same` gives ⌈extent/stride⌉ outputs from a total of
   * max(0, (outputs − 1)·stride + reach − extent), half of which, rounded down, is before the image. That is
   * TensorFlow's rule for every stride, and PyTorch's for stride 1, the only one it allows.
   */
  readonly padding: Pair | 'same' | 'valid';
  /** Steps between a kernel's taps; default 1. */
  readonly dilation?: Pair | undefined;
  /** Groups into which the channels of both sides are split, each convolved by itself; default 1. */
  readonly groups?: number | undefined;
  /** Values around the image; default zeros. See ops/pad2d.ts. */
  readonly paddingMode?: PaddingMode | undefined;
  /** `direct` never uses a transform; `auto` (default) uses Winograd's algorithm where it is faster. */
  readonly algorithm?: Algorithm | undefined;
}

interface Inputs {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b?: Tensor | undefined;
}

export const conv2dOp = defineOp<Inputs, Geometry & { readonly activation: Activation }>({
  name: 'conv2d',
  gives: 'reals',
  appliesActivation: true,
  shape({ x, w, b }, attributes) {
    checkOperands('conv2d', x, w, attributes.groups);
    checkPair('conv2d', 'stride', attributes.stride, 1);
    checkPair('conv2d', 'padding', attributes.padding, 0);
    checkPair('conv2d', 'dilation', attributes.dilation, 1);
    const { N, H, W, O, kh, kw, P, Q } = extents(x.shape, w.shape, attributes);
    checkBias('conv2d', b, O);
    if (P < 1 || Q < 1) {
      const { padding, dilation } = attributes;
      const dilated = showPair(dilation) === '1' ? '' : ` with dilation ${showPair(dilation)}`;
      throw new ShapeError(
        'conv2d',
        `kernel ${kh}×${kw}${dilated} does not fit input ${H}×${W} with padding ${showPair(padding)}`,
      );
    }
    return { shape: [N, O, P, Q] };
  },
  forward(k, { inputs: { x, w }, attributes }, { inputs: at, output, workspace }) {
    const e = extents(x.shape, w.shape, attributes);
    const operands = [at.x, at.w, at.b ?? 0, output] as const;
    const code = activationCodes[attributes.activation];
    const way = kernelsFor(e, attributes.algorithm);
    if (way === 'winograd')
      k.conv2dWinograd(...leadingTiled(e), 0, ...operands, code, workspace, ...trailingTiled(e));
    else if (way === 'dense') k.conv2d(...leading(e), ...operands, code, workspace);
    else if (way === 'depthwise')
      k.conv2dDepthwise(...leadingDilated(e), ...operands, code, workspace);
    else k.conv2dGrouped(e.groups, ...leadingDilated(e), ...operands, code, workspace);
  },
  backward: ({ inputs: { x, w, b }, attributes }, dy) => ({
    x: inputGradient(w, dy, x.shape, attributes),
    w: weightGradient(x, dy, w.shape, attributes),
    b: b && sumChannels(dy),
  }),
  workspace({ inputs: { x, w }, attributes }) {
    const e = extents(x.shape, w.shape, attributes);
    const way = kernelsFor(e, attributes.algorithm);
    if (way === 'winograd') return winogradWorkspace(tiled(e));
    return way === 'depthwise' ? depthwiseWorkspace(e) : conv2dWorkspace(groupOf(e));
  },
  flops: ({ inputs: { x, w, b }, output, attributes }) =>
    flops(extents(x.shape, w.shape, attributes)) +
    (b ? output.shape.reduce((a, e) => a * e, 1) : 0),
});

/**
 * Winograd's kernels compute the gradient as a convolution, so they must suit that convolution. With 5×5 filters they
 * would round five times as much as the direct ones (docs/winograd.md).
 */
const inputGradientKernels = (e: Extents, algorithm: Algorithm | undefined) => {
  const way = kernelsFor(turned(e), algorithm);
  return way === 'winograd' && e.kh === 3 ? way : kernelsFor(e, 'direct');
};

/** What the workspaces of Winograd's kernels depend on. */
const tiled = (e: Extents) => ({ ...groupOf(e), tile: tileOf(e) });

const inputGradientOp = defineOp<{ w: Tensor; dy: Tensor }, Geometry & { readonly shape: Shape }>({
  name: 'conv2dInputGradient',
  gives: 'reals',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { inputs: { w }, output, attributes }, at) {
    const e = extents(output.shape, w.shape, attributes);
    const operands = [at.inputs.w, at.inputs.dy, at.output, at.workspace] as const;
    const way = inputGradientKernels(e, attributes.algorithm);
    if (way === 'winograd') {
      const [weight, dy, dx, workspace] = operands;
      const back = turned(e);
      const rest = [activationCodes.none, workspace, ...trailingTiled(back)] as const;
      k.conv2dWinograd(...leadingTiled(back), 1, dy, weight, 0, dx, ...rest);
    } else if (way === 'dense') k.conv2dInputGradient(...leading(e), ...operands);
    else if (way === 'depthwise') k.conv2dDepthwiseInputGradient(...leadingDilated(e), ...operands);
    else k.conv2dGroupedInputGradient(e.groups, ...leadingDilated(e), ...operands);
  },
  backward: ({ inputs: { w, dy }, attributes }, g) => ({
    w: weightGradient(g, dy, w.shape, attributes),
    dy: convolve(g, w, null, attributes),
  }),
  workspace({ inputs: { w }, output, attributes }) {
    const e = extents(output.shape, w.shape, attributes);
    const way = inputGradientKernels(e, attributes.algorithm);
    if (way === 'winograd') return winogradWorkspace(tiled(turned(e)));
    return way === 'depthwise'
      ? depthwiseInputGradientWorkspace(e)
      : conv2dInputGradientWorkspace(groupOf(e));
  },
  flops: ({ inputs: { w }, output, attributes }) =>
    flops(extents(output.shape, w.shape, attributes)),
});

const weightGradientOp = defineOp<{ x: Tensor; dy: Tensor }, Geometry & { readonly shape: Shape }>({
  name: 'conv2dWeightGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { inputs: { x }, output, attributes }, at) {
    const e = extents(x.shape, output.shape, attributes);
    const operands = [at.inputs.x, at.inputs.dy, at.output, at.workspace] as const;
    const way = kernelsFor(e, attributes.algorithm);
    if (way === 'winograd')
      k.conv2dWinogradWeightGradient(...leadingTiled(e), ...operands, ...trailingTiled(e));
    else if (way === 'dense') k.conv2dWeightGradient(...leading(e), ...operands);
    else if (way === 'depthwise')
      k.conv2dDepthwiseWeightGradient(...leadingDilated(e), ...operands);
    else k.conv2dGroupedWeightGradient(e.groups, ...leadingDilated(e), ...operands);
  },
  backward: ({ inputs: { x, dy }, attributes }, g) => ({
    x: inputGradient(g, dy, x.shape, attributes),
    dy: convolve(x, g, null, attributes),
  }),
  workspace({ inputs: { x }, output, attributes }) {
    const e = extents(x.shape, output.shape, attributes);
    const way = kernelsFor(e, attributes.algorithm);
    if (way === 'winograd') return winogradWeightGradientWorkspace(tiled(e));
    return way === 'depthwise'
      ? depthwiseWeightGradientWorkspace(e)
      : conv2dWeightGradientWorkspace(groupOf(e));
  },
  flops: ({ inputs: { x }, output, attributes }) =>
    flops(extents(x.shape, output.shape, attributes)),
});

/** The geometry alone: an application's attributes also hold its shape or activation. */
const geometry = ({ stride, padding, dilation, groups, algorithm }: Geometry): Geometry => ({
  stride,
  padding,
  dilation,
  groups,
  algorithm,
});

/** The gradient of Σ dy·y by an x of `shape`, where y = conv2d(x, w): N×C×H×W. */
export const inputGradient = (w: Tensor, dy: Tensor, shape: Shape, attributes: Geometry): Tensor =>
  apply(inputGradientOp, { w, dy }, { ...geometry(attributes), shape });

const weightGradient = (x: Tensor, dy: Tensor, shape: Shape, attributes: Geometry): Tensor =>
  apply(weightGradientOp, { x, dy }, { ...geometry(attributes), shape });

const convolve = (x: Tensor, w: Tensor, b: Tensor | null, attributes: Geometry): Tensor =>
  apply(conv2dOp, { x, w, b: b ?? undefined }, { ...geometry(attributes), activation: 'none' });

/** Padding along one axis for 'same'. */
function sameBorders(extent: number, kernel: number, stride: number, dilation: number): Pair {
  const outputs = Math.ceil(extent / stride);
  const all = Math.max(0, (outputs - 1) * stride + reach(kernel, dilation) - extent);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}

/** Padding on the left, right, top and bottom. */
function borders(
  { shape: x }: Tensor,
  { shape: w }: Tensor,
  { stride, dilation }: Geometry,
): Sides {
  const [top, bottom] = sameBorders(x[2]!, w[2]!, stride[0], dilation[0]);
  const [left, right] = sameBorders(x[3]!, w[3]!, stride[1], dilation[1]);
  return [left, right, top, bottom];
}

/**
 * y[n, o, p, q] = b[o] + Σ_{c,i,j} w[o, c, i, j] · x[n, g + c, p·sh + i·dh − ph, q·sw + j·dw − pw]
 * x: N×C×H×W, w: O×C/groups×kh×kw, b: O or null; y: N×O×P×Q; g: the first channel of o's group.
 * @throws ShapeError if channels differ, groups do not divide them, or the kernel does not fit the padded input.
 */
export function conv2d(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  attributes: Conv2dAttributes,
): Tensor {
  const { stride, dilation = [1, 1], groups = 1, paddingMode = 'zeros', algorithm } = attributes;
  const padding: Pair = typeof attributes.padding === 'string' ? [0, 0] : attributes.padding;
  const unpadded = { stride, padding: [0, 0], dilation, groups, algorithm } as const;
  checkOperands('conv2d', x, w, groups);
  checkPair('conv2d', 'stride', stride, 1);
  checkPair('conv2d', 'padding', padding, 0);
  checkPair('conv2d', 'dilation', dilation, 1);
  const [ph, pw] = padding;
  const sides: Sides = attributes.padding === 'same' ? borders(x, w, unpadded) : [pw, pw, ph, ph];
  const [left, right, top, bottom] = sides;
  // The kernels pad with equally many zeros on both sides.
  if (paddingMode === 'zeros' && left === right && top === bottom)
    return convolve(x, w, b, { ...unpadded, padding: [top, left] });
  return convolve(pad2d(x, sides, { mode: paddingMode }), w, b, unpadded);
}
