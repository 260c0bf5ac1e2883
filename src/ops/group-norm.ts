/**
 * Group normalisation (Wu & He 2018). Each sample's groups of channels get mean 0 and variance 1, then are multiplied
 * by a weight per channel and shifted by a bias. With one channel per group it is instance normalisation (Ulyanov et
 * al. 2016). A sample's result does not depend on the others.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { runMoments } from './layer-norm.js';
import { reshape } from './reshape.js';
import { row } from './scale.js';
import { checkChannels } from './subsample.js';
import { sumRows } from './sum.js';

interface Attributes {
  readonly groups: number;
  /** Added to the variance under the root. */
  readonly epsilon: number;
}

interface Inputs {
  readonly x: Tensor;
  /** `runMoments` of x's groups: part of the function, not an independent input, so it has no gradient. */
  readonly moments: Tensor;
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

/** The kernels' leading operands. */
function leading({ shape: [N, C, ...area] }: Tensor, { groups }: Attributes) {
  return [N!, C!, sizeOf(area), groups] as const;
}

const groupNormOp = defineOp<Inputs, Attributes>({
  name: 'groupNorm',
  gives: 'reals',
  shape({ x, weight, bias }) {
    checkChannels('groupNorm', x, { weight, bias });
    return { shape: x.shape };
  },
  forward: (k, { inputs: { x }, attributes }, { inputs: at, output }) =>
    k.groupNorm(
      ...leading(x, attributes),
      at.x,
      at.moments,
      at.weight ?? 0,
      at.bias ?? 0,
      attributes.epsilon,
      output,
    ),
  backward({ inputs: { x, moments, weight, bias }, attributes }, dy) {
    const [N, C] = x.shape as [number, number];
    const sums = apply(sumsOp, { x, moments, dy }, attributes);
    const overSamples = (index: number) => sumRows(reshape(row(sums, index), [N, C]));
    return {
      x: apply(gradientOp, { x, moments, weight, sums, dy }, attributes),
      weight: weight && overSamples(1),
      bias: bias && overSamples(0),
    };
  },
  inPlace: ['x'],
  flops: ({ output }) => 3 * sizeOf(output.shape),
});

const sumsOp = defineOp<{ x: Tensor; moments: Tensor; dy: Tensor }, Attributes>({
  name: 'groupNormSums',
  shape: ({ x }) => ({ shape: [2, x.shape[0]! * x.shape[1]!] }),
  forward: (k, { inputs: { x }, attributes }, { inputs: at, output }) =>
    k.groupNormSums(...leading(x, attributes), at.x, at.moments, at.dy, attributes.epsilon, output),
});

const gradientOp = defineOp<Omit<Inputs, 'bias'> & { sums: Tensor; dy: Tensor }, Attributes>({
  name: 'groupNormGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes }, { inputs: at, output }) =>
    k.groupNormGradient(
      ...leading(x, attributes),
      at.x,
      at.moments,
      at.weight ?? 0,
      at.sums,
      at.dy,
      attributes.epsilon,
      output,
    ),
  inPlace: ['dy', 'x'],
});

/**
 * (x − mean)/√(variance + epsilon)·weight + bias, with mean and variance over each sample's `groups` groups of
 * neighbouring channels. x: N×C×…; weight, bias: C, or null for ones and zeros.
 * @throws ShapeError if the groups do not divide the channels, or weight or bias do not have one value per channel.
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  weight: Tensor | null,
  bias: Tensor | null,
  epsilon: number,
): Tensor {
  checkChannels('groupNorm', x, {});
  const [N, C] = x.shape as [number, number];
  if (!Number.isInteger(groups) || groups < 1 || C % groups !== 0) {
    throw new ShapeError(
      'groupNorm',
      `${groups} groups do not divide the ${C} channels of input ${showShape(x.shape)}`,
    );
  }
  const inputs = { x, weight: weight ?? undefined, bias: bias ?? undefined };
  const moments = runMoments(x, N * groups);
  return apply(groupNormOp, { ...inputs, moments }, { groups, epsilon });
}

/**
 * Each channel of each sample normalised by its own mean and variance: `groupNorm` with as many groups as channels.
 * @throws ShapeError if a channel has a single value, or weight or bias do not have one value per channel.
 */
export function instanceNorm(
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  epsilon: number,
): Tensor {
  checkChannels('instanceNorm', x, { weight: weight ?? undefined, bias: bias ?? undefined });
  if (sizeOf(x.shape.slice(2)) < 2) {
    throw new ShapeError(
      'instanceNorm',
      `expected more than one value a channel and sample, found an input of ${showShape(x.shape)}`,
    );
  }
  return groupNorm(x, x.shape[1]!, weight, bias, epsilon);
}
