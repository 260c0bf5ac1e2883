/**
 * A small net of 3×3 convolutions for digits, after VGG (Simonyan & Zisserman 2015). It has three stages of two
 * convolutions, each followed by batch normalisation, and global pooling in place of the dense layers. 72,666
 * parameters.
 */
import { checkOptions, extent } from '../base/check.js';
import {
  batchNorm2d,
  chain,
  conv2d,
  globalAvgPool2d,
  linear,
  maxPool2d,
  relu,
  sequential,
  type Layer,
  type Model,
  type PerChannel,
} from '../layers/index.js';
import { SCALED } from './image-options.js';

/** Settings of `smallVgg`. */
export interface SmallVggOptions {
  /** Height and width of the images, which are square; default 28. */
  readonly size?: number;
  /** Channels of the images; default 1. */
  readonly channels?: number;
  /** Default 10. */
  readonly classes?: number;
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
  /** Channels of the first stage; default 16. */
  readonly width?: number;
}

const stage = (from: number, to: number): Readonly<Record<string, Layer>> => ({
  conv1: conv2d(from, to, 3, { padding: 1, bias: false }),
  bn1: batchNorm2d(to),
  relu1: relu(),
  conv2: conv2d(to, to, 3, { padding: 1, bias: false }),
  bn2: batchNorm2d(to),
  relu2: relu(),
});

/** Images channels×size×size, scaled to mean 0 and deviation 1. */
export function smallVgg(options: SmallVggOptions = {}): Model {
  const {
    size = 28,
    channels = 1,
    classes = 10,
    mean = 0.1307,
    deviation = 0.3081,
    width = 16,
  } = checkOptions('smallVgg', options, { ...SCALED, width: extent });
  return sequential(
    {
      stage1: chain(stage(channels, width)),
      pool1: maxPool2d(2),
      stage2: chain(stage(width, 2 * width)),
      pool2: maxPool2d(2),
      stage3: chain(stage(2 * width, 4 * width)),
      pool: globalAvgPool2d(),
      fc: linear(4 * width, classes),
    },
    { input: [channels, size, size], mean, deviation },
  );
}
