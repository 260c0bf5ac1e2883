/**
 * 2-D cross-correlation, what the field calls convolution (Goodfellow et al. 2016, §9.1), NCHW and OIHW,
 * with stride and zero padding. The product is bilinear, so its two gradients and their gradients are
 * the same three functions again.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import { activationCodes, type Activation } from './activation.js';
import { checkBias } from './matmul.js';
import { sumChannels } from './sum.js';
import {
  conv2dInputGradientWorkspace,
  conv2dWeightGradientWorkspace,
  conv2dWorkspace,
  winogradWeightGradientWorkspace,
  winogradWorkspace,
} from './workspace.js';

/** Vertical, horizontal. */
export type Pair = readonly [number, number];

export interface Conv2dAttributes {
  readonly stride: Pair;
  readonly padding: Pair;
  /** `direct` never transforms; `auto` (default) uses Winograd's algorithm where it is faster. */
  readonly algorithm?: Algorithm | undefined;
}

export type Algorithm = 'auto' | 'direct';

/** Places of a window along one axis: ⌊(extent + 2·padding − kernel)/stride⌋ + 1. */
export const windows = (extent: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((extent + 2 * padding - kernel) / stride) + 1;

/** @throws ShapeError unless both are whole numbers of at least `least`. */
export function checkPair(op: string, name: string, pair: Pair, least: number): void {
  if (pair.length === 2 && pair.every((value) => Number.isInteger(value) && value >= least)) return;
  throw new ShapeError(
    op,
    `${name} is ${pair.join('×')}, expected whole numbers of at least ${least}`,
  );
}

const showPair = ([a, b]: Pair): string => (a === b ? String(a) : `${a}×${b}`);

/** Extents of a convolution from its two image-side shapes; see assembly/conv2d.ts for the letters. */
function extents(x: Shape, w: Shape, { stride: [sh, sw], padding: [ph, pw] }: Conv2dAttributes) {
  const [N, C, H, W] = x as [number, number, number, number];
  const [O, , kh, kw] = w as [number, number, number, number];
  const P = windows(H, kh, sh, ph);
  const Q = windows(W, kw, sw, pw);
  return { N, C, H, W, O, kh, kw, sh, sw, ph, pw, P, Q };
}

type Extents = ReturnType<typeof extents>;

/** The kernels' leading operands. */
const leading = ({ N, C, H, W, O, kh, kw, sh, sw, ph, pw, P, Q }: Extents) =>
  [N, C, H, W, O, kh, kw, sh, sw, ph, pw, P, Q] as const;

/** Operands of the kernels for 3×3 filters and stride 1. */
const leading3x3 = ({ N, C, H, W, O, ph, pw, P, Q }: Extents) =>
  [N, C, H, W, O, ph, pw, P, Q] as const;

/** The gradient by the input is itself a convolution, of dy with turned filters. */
const turned = (e: Extents): Extents => ({
  ...e,
  C: e.O,
  O: e.C,
  H: e.P,
  W: e.Q,
  P: e.H,
  Q: e.W,
  ph: e.kh - 1 - e.ph,
  pw: e.kw - 1 - e.pw,
});

/**
 * Whether Winograd's F(4×4, 3×3) is used: where the kernels can (see assembly/conv2d-winograd.ts) and the
 * tiles of 4×4 outputs are full enough to save half of the multiplications. Not a question of the batch, so
 * that a sample's result is not either.
 */
function transforms(
  { C, O, kh, kw, sh, sw, ph, pw, P, Q }: Extents,
  { algorithm }: Conv2dAttributes,
): boolean {
  if (algorithm === 'direct' || kh !== 3 || kw !== 3 || sh !== 1 || sw !== 1) return false;
  const fits = ph >= 0 && pw >= 0 && C % 4 === 0 && O % 4 === 0;
  return fits && C >= 8 && O >= 8 && P * Q >= 8 * Math.ceil(P / 4) * Math.ceil(Q / 4);
}

const flops = ({ N, C, O, kh, kw, P, Q }: Extents): number => 2 * N * O * P * Q * C * kh * kw;

interface Inputs {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b?: Tensor | undefined;
}

export const conv2dOp = defineOp<Inputs, Conv2dAttributes & { readonly activation: Activation }>({
  name: 'conv2d',
  shape({ x, w, b }, attributes) {
    if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[1]) {
      throw new ShapeError(
        'conv2d',
        `input ${showShape(x.shape)} (N×C×H×W) does not fit weight ${showShape(w.shape)} (O×C×kh×kw)`,
      );
    }
    checkPair('conv2d', 'stride', attributes.stride, 1);
    checkPair('conv2d', 'padding', attributes.padding, 0);
    const { N, H, W, O, kh, kw, P, Q } = extents(x.shape, w.shape, attributes);
    checkBias('conv2d', b, O);
    if (P < 1 || Q < 1) {
      const padding = showPair(attributes.padding);
      throw new ShapeError(
        'conv2d',
        `kernel ${kh}×${kw} does not fit input ${H}×${W} with padding ${padding}`,
      );
    }
    return { shape: [N, O, P, Q] };
  },
  forward(k, { inputs: { x, w }, attributes }, { inputs: at, output, workspace }) {
    const e = extents(x.shape, w.shape, attributes);
    const operands = [at.x, at.w, at.b ?? 0, output] as const;
    const code = activationCodes[attributes.activation];
    if (transforms(e, attributes))
      k.conv2dWinograd(...leading3x3(e), 0, ...operands, code, workspace);
    else k.conv2d(...leading(e), ...operands, code, workspace);
  },
  backward: ({ inputs: { x, w, b }, attributes }, dy) => ({
    x: inputGradient(w, dy, x.shape, attributes),
    w: weightGradient(x, dy, w.shape, attributes),
    ...(b ? { b: sumChannels(dy) } : {}),
  }),
  workspace({ inputs: { x, w }, attributes }) {
    const e = extents(x.shape, w.shape, attributes);
    return transforms(e, attributes) ? winogradWorkspace(e) : conv2dWorkspace(e);
  },
  flops: ({ inputs: { x, w, b }, output, attributes }) =>
    flops(extents(x.shape, w.shape, attributes)) +
    (b ? output.shape.reduce((a, e) => a * e, 1) : 0),
});

const inputGradientOp = defineOp<
  { w: Tensor; dy: Tensor },
  Conv2dAttributes & { readonly shape: Shape }
>({
  name: 'conv2dInputGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { inputs: { w }, output, attributes }, at) {
    const e = extents(output.shape, w.shape, attributes);
    const { dy, w: weight } = at.inputs;
    if (!transforms(turned(e), attributes)) {
      k.conv2dInputGradient(...leading(e), weight, dy, at.output, at.workspace);
      return;
    }
    const none = activationCodes.none;
    k.conv2dWinograd(...leading3x3(turned(e)), 1, dy, weight, 0, at.output, none, at.workspace);
  },
  backward: ({ inputs: { w, dy }, attributes }, g) => ({
    w: weightGradient(g, dy, w.shape, attributes),
    dy: convolve(g, w, null, attributes),
  }),
  workspace({ inputs: { w }, output, attributes }) {
    const e = extents(output.shape, w.shape, attributes);
    return transforms(turned(e), attributes)
      ? winogradWorkspace(turned(e))
      : conv2dInputGradientWorkspace(e);
  },
  flops: ({ inputs: { w }, output, attributes }) =>
    flops(extents(output.shape, w.shape, attributes)),
});

const weightGradientOp = defineOp<
  { x: Tensor; dy: Tensor },
  Conv2dAttributes & { readonly shape: Shape }
>({
  name: 'conv2dWeightGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { inputs: { x }, output, attributes }, at) {
    const e = extents(x.shape, output.shape, attributes);
    const operands = [at.inputs.x, at.inputs.dy, at.output, at.workspace] as const;
    if (transforms(e, attributes)) k.conv2dWinogradWeightGradient(...leading3x3(e), ...operands);
    else k.conv2dWeightGradient(...leading(e), ...operands);
  },
  backward: ({ inputs: { x, dy }, attributes }, g) => ({
    x: inputGradient(g, dy, x.shape, attributes),
    dy: convolve(x, g, null, attributes),
  }),
  workspace({ inputs: { x }, output, attributes }) {
    const e = extents(x.shape, output.shape, attributes);
    return transforms(e, attributes)
      ? winogradWeightGradientWorkspace(e)
      : conv2dWeightGradientWorkspace(e);
  },
  flops: ({ inputs: { x }, output, attributes }) =>
    flops(extents(x.shape, output.shape, attributes)),
});

const inputGradient = (
  w: Tensor,
  dy: Tensor,
  shape: Shape,
  { stride, padding, algorithm }: Conv2dAttributes,
): Tensor => apply(inputGradientOp, { w, dy }, { stride, padding, algorithm, shape });

const weightGradient = (
  x: Tensor,
  dy: Tensor,
  shape: Shape,
  { stride, padding, algorithm }: Conv2dAttributes,
): Tensor => apply(weightGradientOp, { x, dy }, { stride, padding, algorithm, shape });

const convolve = (
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  { stride, padding, algorithm }: Conv2dAttributes,
): Tensor =>
  apply(conv2dOp, { x, w, b: b ?? undefined }, { stride, padding, algorithm, activation: 'none' });

/**
 * y[n, o, p, q] = b[o] + Σ_{c,i,j} w[o, c, i, j] · x[n, c, p·sh + i − ph, q·sw + j − pw]
 * x: N×C×H×W, w: O×C×kh×kw, b: O or null; y: N×O×P×Q.
 * @throws ShapeError if channels differ or the kernel does not fit the padded input.
 */
export const conv2d = (
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  attributes: Conv2dAttributes,
): Tensor => convolve(x, w, b, attributes);
