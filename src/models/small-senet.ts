/**
 * A small SE-ResNet for digits (Hu, Shen & Sun 2018, "Squeeze-and-excitation networks", figure 3). Before it is added
 * to the shortcut, each residual block's result is scaled channel by channel, by numbers in (0, 1) computed from the
 * channels' means. One block in each stage of 16, 32 and 64 channels, 80,582 parameters.
 */
import { checkOptions, extent } from '../base/check.js';
import {
  batchNorm2d,
  conv2d,
  globalAvgPool2d,
  linear,
  relu,
  residual,
  sequential,
  squeezeExcitation,
  type Layer,
  type Model,
  type PerChannel,
} from '../layers/index.js';
import { SCALED } from './image-options.js';

/** Settings of `smallSeNet`. */
export interface SmallSeNetOptions {
  /** Height and width of the images, which are square; default 28. */
  readonly size?: number;
  /** Channels of the images; default 1. */
  readonly channels?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Mean and deviation of the images' values, from 0 to 1; default MNIST's. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
  /** Channels of the first stage; default 16. */
  readonly width?: number;
  /** Ratio of channels to units between a gate's dense layers, a divisor of the width; default 4. */
  readonly reduction?: number;
}

function block(from: number, to: number, stride: number, reduction: number): Layer {
  const body = {
    conv1: conv2d(from, to, 3, { stride, padding: 1, bias: false }),
    bn1: batchNorm2d(to),
    relu: relu(),
    conv2: conv2d(to, to, 3, { padding: 1, bias: false }),
    bn2: batchNorm2d(to),
    se: squeezeExcitation(to, reduction),
  };
  const projection = [conv2d(from, to, 1, { stride, bias: false }), batchNorm2d(to)];
  return residual(body, from === to ? [] : projection, { activation: 'relu' });
}

/** Images channels×size×size, scaled to mean 0 and deviation 1. */
export function smallSeNet(options: SmallSeNetOptions = {}): Model {
  const {
    size = 28,
    channels = 1,
    classes = 10,
    mean = 0.1307,
    deviation = 0.3081,
    width = 16,
    reduction = 4,
  } = checkOptions('smallSeNet', options, { ...SCALED, width: extent, reduction: extent });
  return sequential(
    {
      conv1: conv2d(channels, width, 3, { padding: 1, bias: false }),
      bn1: batchNorm2d(width),
      relu: relu(),
      block1: block(width, width, 1, reduction),
      block2: block(width, 2 * width, 2, reduction),
      block3: block(2 * width, 4 * width, 2, reduction),
      pool: globalAvgPool2d(),
      fc: linear(4 * width, classes),
    },
    { input: [channels, size, size], mean, deviation },
  );
}
