/** Resampling of N×C×H×W images to another size, by the nearest pixel or by bilinear interpolation. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import type { Shape, Tensor } from '../graph/tensor.js';
import { checkPair, type Pair } from './conv2d.js';
import { checkImages } from './pool2d.js';

export interface UpsampleOptions {
  /** Factor on height and width, or one for each; sizes are rounded down. */
  readonly scale?: number | Pair | undefined;
  /** Height and width of the result, in place of a scale. */
  readonly size?: Pair | undefined;
  /** Default `nearest`. */
  readonly mode?: UpsampleMode | undefined;
  /** Bilinear only: whether the corner pixels' centres stay the corners; default false. */
  readonly alignCorners?: boolean | undefined;
}

export type UpsampleMode = 'nearest' | 'bilinear';

interface Attributes {
  readonly size: Pair;
  readonly mode: UpsampleMode;
  readonly alignCorners: boolean;
  /** Input pixels per output pixel, as numerator and denominator: vertical, horizontal. */
  readonly ratios: readonly [Pair, Pair];
}

/** The kernels' leading operands. */
function leading([N, C, H, W]: Shape, { size, ratios: [vertical, horizontal] }: Attributes) {
  return [N! * C!, H!, W!, ...size, ...vertical, ...horizontal] as const;
}

/** Bytes for the places of a row; see assembly/upsample.ts. */
const workspace = ([, , , W]: Shape, { size: [, Q] }: Attributes) => (2 * Q + W! + 1) * 4;

const upsampleOp: Op<{ x: Tensor }, Attributes> = defineOp({
  name: 'upsample2d',
  shape: ({ x }, { size }) => ({ shape: [x.shape[0]!, x.shape[1]!, ...size] }),
  forward(k, { inputs: { x }, attributes }, at) {
    const places = [at.inputs.x, at.output, at.workspace] as const;
    const extents = leading(x.shape, attributes);
    if (attributes.mode === 'nearest') k.upsampleNearest(...extents, ...places);
    else k.upsampleBilinear(...extents, Number(attributes.alignCorners), ...places);
  },
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(gradientOp, { dy }, { ...attributes, shape: x.shape }),
  }),
  workspace: ({ inputs: { x }, attributes }) => workspace(x.shape, attributes),
});

const gradientOp = defineOp<{ dy: Tensor }, Attributes & { readonly shape: Shape }>({
  name: 'upsample2dGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { output, attributes }, at) {
    const places = [at.inputs.dy, at.output, at.workspace] as const;
    const extents = leading(output.shape, attributes);
    if (attributes.mode === 'nearest') k.upsampleNearestGradient(...extents, ...places);
    else k.upsampleBilinearGradient(...extents, Number(attributes.alignCorners), ...places);
  },
  backward: ({ attributes }, g) => ({ dy: apply(upsampleOp, { x: g }, attributes) }),
  workspace: ({ output, attributes }) => workspace(output.shape, attributes),
});

/** Input pixels per output pixel along one axis. */
function ratio(extent: number, size: number, scale: number | undefined, corners: boolean): Pair {
  if (corners) return size > 1 ? [extent - 1, size - 1] : [0, 1];
  return scale === undefined ? [extent, size] : [1, scale];
}

/**
 * x: N×C×H×W, resampled to `size` or by `scale`, as PyTorch's `interpolate`. Output pixel p is input pixel ⌊p·H/P⌋
 * (nearest), or lies between pixels at (p + ½)·H/P − ½ (bilinear), or at p·(H − 1)/(P − 1) with `alignCorners`. With a
 * scale, 1/scale replaces H/P.
 * @throws ShapeError unless x holds images and either scale or size is given, and if nothing would be left.
 */
export function upsample2d(
  x: Tensor,
  { scale, size, mode = 'nearest', alignCorners = false }: UpsampleOptions,
): Tensor {
  checkImages('upsample2d', x);
  if ((scale === undefined) === (size === undefined)) {
    throw new ShapeError('upsample2d', 'expected either a scale or a size');
  }
  if (alignCorners && mode === 'nearest') {
    throw new ShapeError('upsample2d', 'alignCorners is for mode bilinear, the mode is nearest');
  }
  const [H, W] = x.shape.slice(2) as [number, number];
  const [sh, sw] = typeof scale === 'number' ? [scale, scale] : (scale ?? []);
  const [P, Q] = size ?? [Math.floor(H * sh!), Math.floor(W * sw!)];
  checkPair('upsample2d', 'size', [P, Q], 1);
  const ratios = [ratio(H, P, sh, alignCorners), ratio(W, Q, sw, alignCorners)] as const;
  return apply(upsampleOp, { x }, { size: [P, Q], mode, alignCorners, ratios });
}
