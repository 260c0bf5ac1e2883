/**
 * Batch normalisation (Ioffe & Szegedy 2015) of N×C×H×W images, N×C×L sequences or N×C features. It uses the statistics
 * of the present samples (training) or given ones (evaluation). The present samples are a shard's, as in "ghost" batch
 * normalisation (Hoffer et al. 2017).
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';
import { activationCodes, type Activation } from './activation.js';
import { concat } from './concat.js';
import { constant } from './constant.js';
import { reshape } from './reshape.js';
import { row } from './scale.js';

interface Attributes {
  /** Added to the variance under the root. */
  readonly epsilon: number;
  /** Applied to the result; set by the compiler's fusion. */
  readonly activation: Activation;
}

/** The kernels' leading operands: samples, channels, and values per channel of one sample. */
function leading([N, C, ...area]: Shape): [N: number, C: number, area: number] {
  return [N!, C!, sizeOf(area)];
}

function checkInput(x: Tensor): void {
  if (x.shape.length >= 2 && x.shape.length <= 4) return;
  throw new ShapeError(
    'batchNorm',
    `expected an input of N×C×H×W, N×C×L or N×C, found ${showShape(x.shape)}`,
  );
}

/** Checks that each of `named` has one value per channel. */
function checkChannels(x: Tensor, named: Readonly<Record<string, Tensor>>): void {
  checkInput(x);
  const channels = x.shape[1]!;
  for (const [name, { shape }] of Object.entries(named)) {
    if (shape.length === 1 && shape[0] === channels) continue;
    throw new ShapeError(
      'batchNorm',
      `${name} has shape ${showShape(shape)}, input ${showShape(x.shape)} has ${channels} channels`,
    );
  }
}

/** Number of values in a channel's mean. */
export function valuesPerChannel(x: Tensor): number {
  const [N, , area] = leading(x.shape);
  return N * area;
}

const channelMomentsOp = defineOp<{ x: Tensor }, object>({
  name: 'channelMoments',
  shape({ x }) {
    checkInput(x);
    if (valuesPerChannel(x) < 2) {
      throw new ShapeError(
        'batchNorm',
        `expected more than one value a channel in training, found a shard of ${showShape(x.shape)}`,
      );
    }
    return { shape: [2, x.shape[1]!] };
  },
  forward: (k, { inputs: { x } }, at) =>
    k.channelMoments(...leading(x.shape), at.inputs.x, at.output),
});

/**
 * Each channel's mean (row 0) and biased variance (row 1) over all samples and pixels; x: N×C×H×W, N×C×L or N×C.
 * @throws ShapeError if a channel has a single value.
 */
export const channelMoments = (x: Tensor): Tensor => apply(channelMomentsOp, { x }, {});

interface Inputs {
  readonly x: Tensor;
  /** `channelMoments(x)`: part of the function, not an independent input, so it has no gradient. */
  readonly moments: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
}

export const batchNormOp = defineOp<Inputs, Attributes>({
  name: 'batchNorm',
  gives: 'reals',
  appliesActivation: true,
  shape({ x, weight, bias }) {
    checkChannels(x, { weight, bias });
    return { shape: x.shape };
  },
  forward(k, { inputs: { x }, attributes: { epsilon, activation } }, { inputs: at, output }) {
    const variance = advance(at.moments, x.shape[1]! * 4);
    k.batchNorm(
      ...leading(x.shape),
      at.x,
      at.moments,
      variance,
      at.weight,
      at.bias,
      epsilon,
      output,
      activationCodes[activation],
    );
  },
  backward({ inputs: { x, moments, weight }, attributes: { epsilon } }, dy) {
    const sums = apply(sumsOp, { x, moments, dy }, { epsilon });
    return {
      x: apply(gradientOp, { x, moments, weight, sums, dy }, { epsilon }),
      weight: row(sums, 1),
      bias: row(sums, 0),
    };
  },
  inPlace: ['x'],
  flops: ({ output }) => 3 * sizeOf(output.shape),
});

const sumsOp = defineOp<{ x: Tensor; moments: Tensor; dy: Tensor }, { epsilon: number }>({
  name: 'batchNormSums',
  shape: ({ moments }) => ({ shape: moments.shape }),
  forward: (k, { inputs: { x }, attributes }, { inputs: at, output }) =>
    k.batchNormSums(...leading(x.shape), at.x, at.moments, at.dy, attributes.epsilon, output),
});

const gradientOp = defineOp<
  Omit<Inputs, 'bias'> & { sums: Tensor; dy: Tensor },
  { epsilon: number }
>({
  name: 'batchNormGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes }, { inputs: at, output }) =>
    k.batchNormGradient(
      ...leading(x.shape),
      at.x,
      at.moments,
      at.weight,
      at.sums,
      at.dy,
      attributes.epsilon,
      output,
    ),
  inPlace: ['dy', 'x'],
});

/**
 * (x − mean)/√(variance + epsilon)·weight + bias by channel, with the moments of x itself: `moments` is
 * `channelMoments(x)`. x: N×C×H×W, N×C×L or N×C; weight, bias: C.
 * @throws ShapeError if weight or bias do not have one value per channel.
 */
export const batchNorm = (
  x: Tensor,
  moments: Tensor,
  weight: Tensor,
  bias: Tensor,
  epsilon: number,
): Tensor => apply(batchNormOp, { x, moments, weight, bias }, { epsilon, activation: 'none' });

interface GivenInputs {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
}

export const normalizeOp = defineOp<GivenInputs, Attributes>({
  name: 'normalize',
  gives: 'reals',
  appliesActivation: true,
  shape({ x, ...named }) {
    checkChannels(x, { ...named });
    return { shape: x.shape };
  },
  forward: (k, { inputs: { x }, attributes: { epsilon, activation } }, { inputs: at, output }) =>
    k.batchNorm(
      ...leading(x.shape),
      at.x,
      at.mean,
      at.variance,
      at.weight,
      at.bias,
      epsilon,
      output,
      activationCodes[activation],
    ),
  // y = (x − mean)·r·weight + bias, r = 1/√(variance + ε): dx is the same function of dy, without mean and bias.
  backward({ inputs: { x, mean, variance, weight }, attributes: { epsilon } }, dy) {
    const zeros = constant(0, mean.shape);
    const moments = reshape(concat([mean, variance], 0), [2, mean.shape[0]!]);
    const sums = apply(sumsOp, { x, moments, dy }, { epsilon });
    return {
      x: normalize({ x: dy, mean: zeros, variance, weight, bias: zeros }, epsilon),
      weight: row(sums, 1),
      bias: row(sums, 0),
    };
  },
  inPlace: ['x'],
  flops: ({ output }) => 3 * sizeOf(output.shape),
});

/**
 * `batchNorm` with given mean and variance, one value per channel each, as in prediction. These two have no gradient.
 * @throws ShapeError if one of them does not have one value per channel.
 */
export const normalize = (inputs: GivenInputs, epsilon: number): Tensor =>
  apply(normalizeOp, inputs, { epsilon, activation: 'none' });
