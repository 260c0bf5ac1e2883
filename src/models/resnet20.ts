/**
 * The residual nets for CIFAR-10 (He et al. 2016, §4.2). A convolution, three stages of n blocks with 16, 32 and 64
 * channels on 32×32, 16×16 and 8×8 pixels, the mean of each plane, and a dense layer: 6n + 2 layers with weights.
 * Shortcuts that change shape are 1×1 convolutions (the paper's option B), so that depth 20 has 272,474 parameters.
 * Names are those of PyTorch's ResNet where it has them.
 */
import { checkOptions, quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import {
  batchNorm2d,
  chain,
  conv2d,
  globalAvgPool2d,
  linear,
  relu,
  residual,
  sequential,
  type Layer,
  type Model,
  type PerChannel,
} from '../layers/index.js';
import { SCALED } from './image-options.js';

/** Two 3×3 convolutions around a shortcut (figure 2). */
function block(inChannels: number, channels: number, stride: number): Layer {
  const body = {
    conv1: conv2d(inChannels, channels, 3, { stride, padding: 1, bias: false }),
    bn1: batchNorm2d(channels),
    relu: relu(),
    conv2: conv2d(channels, channels, 3, { padding: 1, bias: false }),
    bn2: batchNorm2d(channels),
  };
  const projection = [
    conv2d(inChannels, channels, 1, { stride, bias: false }),
    batchNorm2d(channels),
  ];
  const sameShape = stride === 1 && inChannels === channels;
  return residual(body, sameShape ? [] : projection, { activation: 'relu' });
}

/** `blocks` blocks, the first of which may halve the image. */
const stage = (inChannels: number, channels: number, blocks: number, stride: number): Layer =>
  chain(
    Array.from({ length: blocks }, (_, i) =>
      i === 0 ? block(inChannels, channels, stride) : block(channels, channels, 1),
    ),
  );

/** Most blocks in each of the three stages: the paper's deepest net has 200. */
const MOST_BLOCKS = 1000;

/** Settings of `resnet20`. */
export interface ResNetOptions {
  /** 6n + 2: 20 (default), 32, 44, 56, 110. */
  readonly depth?: number;
  /** Channels of the images; default 3. */
  readonly channels?: number;
  /** Height and width of the images, which are square; default 32. */
  readonly size?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Mean and deviation of the images' values, from 0 to 1; default CIFAR-10's. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
}

/**
 * Images channels×size×size.
 * @throws LanewiseError kind 'argument' for a depth that is not 6n + 2.
 */
export function resnet20(options: ResNetOptions = {}): Model {
  const {
    depth = 20,
    channels = 3,
    size = 32,
    classes = 10,
    mean = 0.4734,
    deviation = 0.2516,
  } = checkOptions('resnet20', options, { depth: true, ...SCALED });
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > MOST_BLOCKS) {
    throw new LanewiseError(
      'argument',
      `resnet20: depth is ${quote(depth)}, expected 6n + 2: 20, 32, 44`,
    );
  }
  return sequential(
    {
      conv1: conv2d(channels, 16, 3, { padding: 1, bias: false }),
      bn1: batchNorm2d(16),
      relu: relu(),
      layer1: stage(16, 16, blocks, 1),
      layer2: stage(16, 32, blocks, 2),
      layer3: stage(32, 64, blocks, 2),
      pool: globalAvgPool2d(),
      fc: linear(64, classes),
    },
    { input: [channels, size, size], mean, deviation },
  );
}
