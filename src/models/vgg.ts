/**
 * VGG (Simonyan & Zisserman 2015, "Very deep convolutional networks for large-scale image recognition", table 1).
 * Stages of 3×3 convolutions, each followed by pooling, and three dense layers; columns A, B, D and E, named by their
 * number of layers with weights. Names and layers are torchvision's, without its pooling to 7×7 before the dense
 * layers, which changes nothing at 224×224.
 */
import { checkOptions, flag } from '../base/check.js';
import {
  batchNorm2d,
  chain,
  conv2d,
  dropout,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
  type Layer,
  type Model,
} from '../layers/index.js';
import {
  IMAGENET,
  heInit,
  imageNetScale,
  leftOf,
  widthOf,
  type ImageNetOptions,
} from './image-options.js';

/** Settings of `vgg11` to `vgg19`. */
export interface VggOptions extends ImageNetOptions {
  /** Batch normalisation after each convolution, as in torchvision's vgg16_bn; default false, as in the paper. */
  readonly batchNorm?: boolean;
}

const CHANNELS = [64, 128, 256, 512, 512];

const convolution = (inChannels: number, channels: number, batchNorm: boolean): Layer[] => [
  conv2d(inChannels, channels, 3, { padding: 1, ...heInit }),
  ...(batchNorm ? [batchNorm2d(channels)] : []),
  relu(),
];

/** Images channels×224×224 (multiples of 32); `stages` is the number of convolutions in each of the five stages. */
function vgg(name: string, stages: readonly number[], options: VggOptions): Model {
  const {
    size = 224,
    channels = 3,
    classes = 1000,
    width = 1,
    batchNorm = false,
  } = checkOptions(name, options, { ...IMAGENET, batchNorm: flag });
  const scaled = widthOf(name, width);
  const features = stages.flatMap((convolutions, stage) => {
    const before = stage === 0 ? channels : scaled(CHANNELS[stage - 1]!);
    const each = scaled(CHANNELS[stage]!);
    const layers = Array.from({ length: convolutions }, (_, i) =>
      convolution(i === 0 ? before : each, each, batchNorm),
    );
    return [...layers.flat(), maxPool2d(2)];
  });
  const hidden = scaled(4096);
  const last = leftOf(name, size, Math.floor(size / 32));
  const classifier = [
    linear(scaled(512) * last * last, hidden, heInit),
    relu(),
    dropout(0.5),
    linear(hidden, hidden, heInit),
    relu(),
    dropout(0.5),
    linear(hidden, classes, heInit),
  ];
  return sequential(
    { features: chain(features), flatten: flatten(), classifier: chain(classifier) },
    { input: [channels, size, size], ...imageNetScale(channels, options) },
  );
}

/** Column A: 132,863,336 parameters. */
export const vgg11 = (options: VggOptions = {}): Model => vgg('vgg11', [1, 1, 2, 2, 2], options);
/** Column B: 133,047,848 parameters. */
export const vgg13 = (options: VggOptions = {}): Model => vgg('vgg13', [2, 2, 2, 2, 2], options);
/** Column D: 138,357,544 parameters. */
export const vgg16 = (options: VggOptions = {}): Model => vgg('vgg16', [2, 2, 3, 3, 3], options);
/** Column E: 143,667,240 parameters. */
export const vgg19 = (options: VggOptions = {}): Model => vgg('vgg19', [2, 2, 4, 4, 4], options);
