/**
 * A small net of inception modules for digits (Szegedy et al. 2015, "Going deeper with convolutions", figure 2b). Each
 * module has four paths from one image to as many groups of maps, with 1×1 filters that reduce before 3×3 and 5×5 ones,
 * and batch normalisation as in Ioffe & Szegedy 2015. 20,226 parameters.
 */
import { checkOptions, extent } from '../base/check.js';
import {
  batchNorm2d,
  block,
  chain,
  concat,
  conv2d,
  functional,
  globalAvgPool2d,
  input,
  linear,
  maxPool2d,
  relu,
  type Layer,
  type Model,
  type PerChannel,
} from '../layers/index.js';
import { SCALED } from './image-options.js';

/** A convolution that keeps the extent, batch normalisation, ReLU. */
const convolution = (from: number, to: number, kernel: number): Layer =>
  chain({
    conv: conv2d(from, to, kernel, { padding: (kernel - 1) / 2, bias: false }),
    bn: batchNorm2d(to),
    relu: relu(),
  });

/** Channels: 8·width of 1×1 filters, 16·width of 3×3, 4·width of 5×5, 4·width after pooling. */
function inception(from: number, width: number): Layer {
  const branches = {
    branch1: convolution(from, 8 * width, 1),
    branch3: chain([convolution(from, 8 * width, 1), convolution(8 * width, 16 * width, 3)]),
    branch5: chain([convolution(from, 4 * width, 1), convolution(4 * width, 4 * width, 5)]),
    pool: chain([maxPool2d(3, { stride: 1, padding: 1 }), convolution(from, 4 * width, 1)]),
  };
  return block(branches, ({ branch1, branch3, branch5, pool }, x) =>
    concat(branch1(x), branch3(x), branch5(x), pool(x)),
  );
}

/** Settings of `smallInception`. */
export interface SmallInceptionOptions {
  /** Height and width of the images, which are square; default 28. */
  readonly size?: number;
  /** Channels of the images; default 1. */
  readonly channels?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Mean and deviation of the images' values, from 0 to 1; default MNIST's. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
  /** Factor on the channels of all layers; default 1. */
  readonly width?: number;
}

/** Images channels×size×size, scaled to mean 0 and deviation 1. */
export function smallInception(options: SmallInceptionOptions = {}): Model {
  const {
    size = 28,
    channels = 1,
    classes = 10,
    mean = 0.1307,
    deviation = 0.3081,
    width = 1,
  } = checkOptions('smallInception', options, { ...SCALED, width: extent });
  const stem = convolution(channels, 16 * width, 3);
  const modules = {
    inception1: inception(16 * width, width),
    inception2: inception(32 * width, 2 * width),
    inception3: inception(64 * width, 2 * width),
  };
  const fc = linear(64 * width, classes);

  const x = input([channels, size, size], { mean, deviation });
  const y = modules.inception1(maxPool2d(2)(stem(x)));
  const z = modules.inception3(modules.inception2(maxPool2d(2)(y)));
  return functional({
    inputs: x,
    outputs: fc(globalAvgPool2d(z)),
    layers: { stem, ...modules, fc },
  });
}
