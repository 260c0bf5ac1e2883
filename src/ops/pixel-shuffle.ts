/** Channels to pixels and back: the sub-pixel rearrangement of Shi et al. 2016, in PyTorch's order. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import { checkImages } from './pool2d.js';

interface Attributes {
  /** Pixels a side of each square. */
  readonly r: number;
}

/** The kernels' leading operands, from the shape whose images are large. */
const leading = ([N, C, H, W]: Shape, r: number) => [N! * C!, H! / r, W! / r, r] as const;

function check(name: string, x: Tensor, r: number, fits: (extents: Shape) => boolean): void {
  checkImages(name, x);
  if (!Number.isInteger(r) || r < 1) {
    throw new ShapeError(name, `r is ${r}, expected a whole number of at least 1`);
  }
  if (fits(x.shape)) return;
  const divided =
    name === 'pixelShuffle' ? `${r}² = ${r * r} divides the channels` : `${r} divides the sides`;
  throw new ShapeError(name, `expected an input of which ${divided}, found ${showShape(x.shape)}`);
}

const shuffleOp: Op<{ x: Tensor }, Attributes> = defineOp({
  name: 'pixelShuffle',
  shape({ x }, { r }) {
    check('pixelShuffle', x, r, ([, C]) => C! % (r * r) === 0);
    const [N, C, H, W] = x.shape as [number, number, number, number];
    return { shape: [N, C / (r * r), H * r, W * r] };
  },
  forward: (k, { output, attributes: { r } }, at) =>
    k.pixelShuffle(...leading(output.shape, r), at.inputs.x, at.output),
  backward: ({ attributes: { r } }, dy) => ({ x: pixelUnshuffle(dy, r) }),
});

const unshuffleOp = defineOp<{ x: Tensor }, Attributes>({
  name: 'pixelUnshuffle',
  shape({ x }, { r }) {
    check('pixelUnshuffle', x, r, ([, , H, W]) => H! % r === 0 && W! % r === 0);
    const [N, C, H, W] = x.shape as [number, number, number, number];
    return { shape: [N, C * r * r, H / r, W / r] };
  },
  forward: (k, { inputs: { x }, attributes: { r } }, at) =>
    k.pixelUnshuffle(...leading(x.shape, r), at.inputs.x, at.output),
  backward: ({ attributes: { r } }, dy) => ({ x: pixelShuffle(dy, r) }),
});

/**
 * y[n, c, h·r + i, w·r + j] = x[n, c·r² + i·r + j, h, w]; x: N×(C·r²)×H×W, y: N×C×(H·r)×(W·r).
 * @throws ShapeError if r² does not divide the channels.
 */
export const pixelShuffle = (x: Tensor, r: number): Tensor => apply(shuffleOp, { x }, { r });

/** `pixelShuffle` backwards: N×C×(H·r)×(W·r) to N×(C·r²)×H×W. @throws ShapeError if r does not divide the sides. */
export const pixelUnshuffle = (x: Tensor, r: number): Tensor => apply(unshuffleOp, { x }, { r });
