/** Padding of N×C×H×W images with a value, the nearest pixel, or the mirrored image. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';

/** `zeros` stands for any constant value; `reflect` does not repeat the outermost pixels. */
export type PaddingMode = 'zeros' | 'replicate' | 'reflect';

/** Left, right, top and bottom, as in PyTorch. */
export type Sides = readonly [number, number, number, number];

/** Codes of assembly/pad.ts. */
const codes: Readonly<Record<PaddingMode, number>> = { zeros: 0, replicate: 1, reflect: 2 };

interface Attributes {
  readonly sides: Sides;
  readonly mode: PaddingMode;
  readonly value: number;
}

/** The kernels' leading operands, from the image without its padding. */
function leading(x: Shape, { sides: [left, right, top, bottom], mode }: Attributes) {
  const [N, C, H, W] = x as [number, number, number, number];
  return [N * C, H, W, top, left, H + top + bottom, W + left + right, codes[mode]] as const;
}

const pad2dOp: Op<{ x: Tensor }, Attributes> = defineOp({
  name: 'pad2d',
  shape({ x }, attributes) {
    const { sides, mode } = attributes;
    if (x.shape.length !== 4) {
      throw new ShapeError('pad2d', `expected an input of N×C×H×W, found ${showShape(x.shape)}`);
    }
    if (sides.length !== 4 || !sides.every((side) => Number.isInteger(side) && side >= 0)) {
      throw new ShapeError('pad2d', `padding is ${sides.join(', ')}, expected four whole numbers`);
    }
    const [, H, W, , , height, width] = leading(x.shape, attributes);
    const [left, right, top, bottom] = sides;
    if (mode === 'reflect' && (Math.max(left, right) >= W || Math.max(top, bottom) >= H)) {
      throw new ShapeError(
        'pad2d',
        `padding ${sides.join(', ')} (left, right, top, bottom) cannot reflect an input of ${H}×${W}, expected less on each side`,
      );
    }
    return { shape: [x.shape[0]!, x.shape[1]!, height, width] };
  },
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.pad2d(...leading(x.shape, attributes), attributes.value, at.inputs.x, at.output),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(pad2dGradientOp, { dy }, { ...attributes, shape: x.shape }),
  }),
});

const pad2dGradientOp = defineOp<{ dy: Tensor }, Attributes & { readonly shape: Shape }>({
  name: 'pad2dGradient',
  shape: (_, { shape }) => ({ shape }),
  forward: (k, { output, attributes }, at) =>
    k.pad2dGradient(...leading(output.shape, attributes), at.inputs.dy, at.output),
  backward: ({ attributes: { sides, mode } }, g) => ({
    dy: apply(pad2dOp, { x: g }, { sides, mode, value: 0 }),
  }),
});

/**
 * x padded with `sides` pixels (left, right, top, bottom) by `mode`; `value` replaces zeros.
 * x: N×C×H×W, result N×C×(H + top + bottom)×(W + left + right).
 * @throws ShapeError for another rank, negative sides, or a reflection wider than the image less one.
 */
export const pad2d = (
  x: Tensor,
  sides: Sides,
  { mode = 'zeros', value = 0 }: { mode?: PaddingMode; value?: number } = {},
): Tensor => apply(pad2dOp, { x }, { sides, mode, value });
