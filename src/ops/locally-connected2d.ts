/**
 * Locally connected layer: a convolution that shares no weights between places (LeCun 1989; Taigman et al. 2014). It is
 * Keras's LocallyConnected2D, and bilinear, so its gradients' gradients are the same three functions again.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { checkPair, windows, type Pair } from './conv2d-extents.js';
import { reshape } from './reshape.js';
import { sumRows } from './sum.js';
import { locallyConnectedWorkspace } from './workspace.js';

export interface LocallyConnected2dAttributes {
  readonly kernel: Pair;
  readonly stride: Pair;
}

const name = 'locallyConnected2d';

/**
 * The output extents P and Q of `kernel` on N×C×H×W images.
 * @throws ShapeError if x is not images or the kernel does not fit.
 */
export function places(x: Shape, { kernel, stride }: LocallyConnected2dAttributes): Pair {
  if (x.length !== 4) {
    throw new ShapeError(name, `expected an input of N×C×H×W, found ${showShape(x)}`);
  }
  checkPair(name, 'kernel', kernel, 1);
  checkPair(name, 'stride', stride, 1);
  const [P, Q] = [windows(x[2]!, kernel[0], stride[0], 0), windows(x[3]!, kernel[1], stride[1], 0)];
  if (P >= 1 && Q >= 1) return [P, Q];
  const image = showShape(x.slice(2));
  throw new ShapeError(name, `kernel ${kernel.join('×')} does not fit input ${image}`);
}

/** Extents, with the letters of assembly/locally-connected.ts. */
function extents(x: Shape, O: number, attributes: LocallyConnected2dAttributes) {
  const [N, C, H, W] = x as [number, number, number, number];
  const [[kh, kw], [sh, sw]] = [attributes.kernel, attributes.stride];
  const [P, Q] = places(x, attributes);
  const K = C * kh * kw;
  return { N, O, P, Q, K, leading: [N, C, H, W, O, kh, kw, sh, sw, P, Q] as const };
}

type Extents = ReturnType<typeof extents>;

const workspace = ({ N, K, O }: Extents): number => locallyConnectedWorkspace(N, K, O);

const flops = ({ N, K, O, P, Q }: Extents): number => 2 * N * K * O * P * Q;

interface Inputs {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b?: Tensor | undefined;
}

const locallyConnected2dOp = defineOp<Inputs, LocallyConnected2dAttributes>({
  name,
  gives: 'reals',
  shape({ x, w, b }, attributes) {
    const O = w.shape.at(-1)!;
    const { N, P, Q, K } = extents(x.shape, O, attributes);
    if (showShape(w.shape) !== showShape([P, Q, K, O])) {
      throw new ShapeError(
        name,
        `weight has shape ${showShape(w.shape)}, input ${showShape(x.shape)} needs ${P}×${Q}×${K}×O`,
      );
    }
    if (b && showShape(b.shape) !== showShape([O, P, Q])) {
      throw new ShapeError(name, `bias has shape ${showShape(b.shape)}, expected ${O}×${P}×${Q}`);
    }
    return { shape: [N, O, P, Q] };
  },
  forward(k, { inputs: { x, w }, attributes }, { inputs: at, output, workspace: scratch }) {
    const { leading } = extents(x.shape, w.shape[3]!, attributes);
    k.locallyConnected2d(...leading, at.x, at.w, at.b ?? 0, output, scratch);
  },
  backward: ({ inputs: { x, w, b }, attributes }, dy) => ({
    x: inputGradient(w, dy, x.shape, attributes),
    w: weightGradient(x, dy, w.shape, attributes),
    b: b && sumImages(dy),
  }),
  workspace: ({ inputs: { x, w }, attributes }) =>
    workspace(extents(x.shape, w.shape[3]!, attributes)),
  flops: ({ inputs: { x, w, b }, output, attributes }) =>
    flops(extents(x.shape, w.shape[3]!, attributes)) + (b ? sizeOf(output.shape) : 0),
});

const inputGradientOp = defineOp<
  { w: Tensor; dy: Tensor },
  LocallyConnected2dAttributes & { readonly shape: Shape }
>({
  name: 'locallyConnected2dInputGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(
    k,
    { inputs: { w }, output, attributes },
    { inputs: at, output: dx, workspace: scratch },
  ) {
    const { leading } = extents(output.shape, w.shape[3]!, attributes);
    k.locallyConnected2dInputGradient(...leading, at.w, at.dy, dx, scratch);
  },
  backward: ({ inputs: { w, dy }, attributes }, g) => ({
    w: weightGradient(g, dy, w.shape, attributes),
    dy: locallyConnected2d(g, w, null, attributes),
  }),
  workspace: ({ inputs: { w }, output, attributes }) =>
    workspace(extents(output.shape, w.shape[3]!, attributes)),
  flops: ({ inputs: { w }, output, attributes }) =>
    flops(extents(output.shape, w.shape[3]!, attributes)),
});

const weightGradientOp = defineOp<
  { x: Tensor; dy: Tensor },
  LocallyConnected2dAttributes & { readonly shape: Shape }
>({
  name: 'locallyConnected2dWeightGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(
    k,
    { inputs: { x }, output, attributes },
    { inputs: at, output: dw, workspace: scratch },
  ) {
    const { leading } = extents(x.shape, output.shape[3]!, attributes);
    k.locallyConnected2dWeightGradient(...leading, at.x, at.dy, dw, scratch);
  },
  backward: ({ inputs: { x, dy }, attributes }, g) => ({
    x: inputGradient(g, dy, x.shape, attributes),
    dy: locallyConnected2d(x, g, null, attributes),
  }),
  workspace: ({ inputs: { x }, output, attributes }) =>
    workspace(extents(x.shape, output.shape[3]!, attributes)),
  flops: ({ inputs: { x }, output, attributes }) =>
    flops(extents(x.shape, output.shape[3]!, attributes)),
});

const inputGradient = (
  w: Tensor,
  dy: Tensor,
  shape: Shape,
  { kernel, stride }: LocallyConnected2dAttributes,
): Tensor => apply(inputGradientOp, { w, dy }, { kernel, stride, shape });

const weightGradient = (
  x: Tensor,
  dy: Tensor,
  shape: Shape,
  { kernel, stride }: LocallyConnected2dAttributes,
): Tensor => apply(weightGradientOp, { x, dy }, { kernel, stride, shape });

/** Σ_n x[n, …]. */
function sumImages(x: Tensor): Tensor {
  const [N, ...image] = x.shape as [number, ...number[]];
  return reshape(sumRows(reshape(x, [N, sizeOf(image)])), image);
}

/**
 * y[n, o, p, q] = b[o, p, q] + Σ_{c,i,j} w[p, q, (c, i, j), o] · x[n, c, p·sh + i, q·sw + j]
 * x: N×C×H×W, w: P×Q×C·kh·kw×O, b: O×P×Q or null; y: N×O×P×Q. No padding: see ops/pad2d.ts.
 * @throws ShapeError for other shapes, or if the kernel does not fit.
 */
export const locallyConnected2d = (
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  { kernel, stride }: LocallyConnected2dAttributes,
): Tensor => apply(locallyConnected2dOp, { x, w, b: b ?? undefined }, { kernel, stride });
