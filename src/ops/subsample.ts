/** A factor and a shift for each channel, and LeNet-5's trainable subsampling, which uses them. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import type { Pair } from './conv2d.js';
import { avgPool2d } from './pool2d.js';
import { scale } from './scale.js';
import { sumChannels } from './sum.js';

interface Inputs {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
}

/** The kernels' leading operands: samples, channels, and values per channel of one sample. */
function leading([N, C, ...area]: Shape): [N: number, C: number, area: number] {
  return [N!, C!, sizeOf(area)];
}

/** @throws ShapeError unless each given tensor in `named` has one value per channel of x: N×C×…. */
export function checkChannels(
  name: string,
  x: Tensor,
  named: Readonly<Record<string, Tensor | undefined>>,
): void {
  if (x.shape.length < 2) {
    throw new ShapeError(name, `expected an input of N×C or N×C×…, found ${showShape(x.shape)}`);
  }
  const channels = x.shape[1]!;
  for (const [role, t] of Object.entries(named)) {
    if (!t || (t.shape.length === 1 && t.shape[0] === channels)) continue;
    throw new ShapeError(
      name,
      `${role} has shape ${showShape(t.shape)}, input ${showShape(x.shape)} has ${channels} channels`,
    );
  }
}

const channelAffineOp = defineOp<Inputs, object>({
  name: 'channelAffine',
  shape({ x, weight, bias }) {
    checkChannels('channelAffine', x, { weight, bias });
    return { shape: x.shape };
  },
  forward: (k, { inputs: { x } }, { inputs: at, output }) =>
    k.channelAffine(...leading(x.shape), at.x, at.weight, at.bias ?? 0, output),
  backward: ({ inputs: { x, weight, bias } }, dy) => ({
    x: channelAffine(dy, weight, null),
    weight: apply(channelProductsOp, { x, dy }, {}),
    bias: bias && sumChannels(dy),
  }),
  inPlace: ['x'],
  flops: ({ output }) => 2 * sizeOf(output.shape),
});

const channelProductsOp = defineOp<{ x: Tensor; dy: Tensor }, object>({
  name: 'channelProducts',
  shape: ({ x }) => ({ shape: [x.shape[1]!] }),
  forward: (k, { inputs: { x } }, { inputs: at, output }) =>
    k.channelProducts(...leading(x.shape), at.x, at.dy, output),
  backward: ({ inputs: { x, dy } }, g) => ({
    x: channelAffine(dy, g, null),
    dy: channelAffine(x, g, null),
  }),
});

/**
 * @throws ShapeError if weight or bias do not have one value per channel.
 * @throws ShapeError if weight or bias do not have one value a channel.
 */
export const channelAffine = (x: Tensor, weight: Tensor, bias: Tensor | null): Tensor =>
  apply(channelAffineOp, { x, weight, bias: bias ?? undefined }, {});

/**
 * Trainable subsampling (LeCun et al. 1998, §II.B, layers S2 and S4): the sum over each window, times its channel's
 * weight, plus its channel's bias. x: N×C×H×W; weight, bias: C.
 * @throws ShapeError if the kernel does not fit, or weight or bias do not have one value per channel.
 */
export function subsampling2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  { kernel, stride }: { readonly kernel: Pair; readonly stride: Pair },
): Tensor {
  checkChannels('subsampling2d', x, { weight, bias });
  // A sum is a mean times the window's size, and C products are cheaper than one for each output.
  return channelAffine(
    avgPool2d(x, { kernel, stride }),
    scale(weight, kernel[0] * kernel[1]),
    bias,
  );
}
