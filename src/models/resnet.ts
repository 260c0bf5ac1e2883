/**
 * Residual nets for ImageNet (He, Zhang, Ren & Sun 2016, "Deep residual learning for image recognition", table 1).
 * Depths 18 and 34 have basic blocks (figure 2), 50, 101 and 152 bottlenecks (figure 5); shortcuts that change shape
 * are 1×1 convolutions (option B). Names and layers are torchvision's: a bottleneck halves the image in its 3×3
 * convolution, the paper's in the first 1×1.
 */
import { checkOptions } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import {
  add,
  batchNorm2d,
  block,
  chain,
  conv2d,
  globalAvgPool2d,
  initializers,
  linear,
  maxPool2d,
  relu,
  sequential,
  type Conv2dOptions,
  type Layer,
  type Model,
} from '../layers/index.js';
import { IMAGENET, imageNetScale, widthOf, type ImageNetOptions } from './image-options.js';

type Kind = 'basic' | 'bottleneck';

/** Kind of blocks, and their number in each stage. */
const DEPTHS: Readonly<Record<number, readonly [Kind, readonly number[]]>> = {
  18: ['basic', [2, 2, 2, 2]],
  34: ['basic', [3, 4, 6, 3]],
  50: ['bottleneck', [3, 4, 6, 3]],
  101: ['bottleneck', [3, 4, 23, 3]],
  152: ['bottleneck', [3, 8, 36, 3]],
};

/** An additional layer after the last normalisation of each block, for this many channels. */
export type Recalibration = (channels: number) => Layer;

const convolution = (
  inChannels: number,
  channels: number,
  kernelSize: number,
  options: Conv2dOptions = {},
): Layer =>
  conv2d(inChannels, channels, kernelSize, {
    ...options,
    bias: false,
    weightInit: initializers.heNormal({ mode: 'fanOut' }),
  });

/** The layers of a block's main path by name, without activations: 3×3, 3×3, or 1×1, 3×3, 1×1. */
function bodyOf(kind: Kind, from: number, channels: number, stride: number): Record<string, Layer> {
  if (kind === 'basic') {
    return {
      conv1: convolution(from, channels, 3, { stride, padding: 1 }),
      bn1: batchNorm2d(channels),
      conv2: convolution(channels, channels, 3, { padding: 1 }),
      bn2: batchNorm2d(channels),
    };
  }
  return {
    conv1: convolution(from, channels, 1),
    bn1: batchNorm2d(channels),
    conv2: convolution(channels, channels, 3, { stride, padding: 1 }),
    bn2: batchNorm2d(channels),
    conv3: convolution(channels, 4 * channels, 1),
    bn3: batchNorm2d(4 * channels),
  };
}

/** relu(body(x) + shortcut(x)); the body alternates convolutions and normalisations, with ReLUs between. */
function residualBlock(
  kind: Kind,
  [from, channels, to]: readonly [number, number, number],
  stride: number,
  recalibrate?: Recalibration,
): Layer {
  const body = bodyOf(kind, from, channels, stride);
  const layers = {
    ...body,
    ...(recalibrate ? { se: recalibrate(to) } : {}),
    ...(stride !== 1 || from !== to
      ? { downsample: chain([convolution(from, to, 1, { stride }), batchNorm2d(to)]) }
      : {}),
  };
  return block(layers, (named: Record<string, Layer>, x) => {
    const { se, downsample } = named;
    let y = x;
    const depth = Object.keys(body).length / 2;
    for (let i = 1; i <= depth; i++) {
      y = named[`bn${i}`]!(named[`conv${i}`]!(y));
      if (i < depth) y = relu(y);
    }
    return relu(add(se ? se(y) : y, downsample ? downsample(x) : x));
  });
}

/**
 * Images channels×224×224, or any size of at least 32.
 * @throws LanewiseError kind 'argument' for a depth that table 1 does not have.
 */
export function resNet(
  depth: number,
  options: ImageNetOptions = {},
  recalibrate?: Recalibration,
): Model {
  const {
    size = 224,
    channels = 3,
    classes = 1000,
    width = 1,
  } = checkOptions(`resNet${depth}`, options, IMAGENET);
  const known = DEPTHS[depth];
  if (!known) {
    throw new LanewiseError(
      'argument',
      `resNet: depth is ${String(depth)}, expected one of ${Object.keys(DEPTHS).join(', ')}`,
    );
  }
  const [kind, counts] = known;
  const scaled = widthOf('resNet', width);
  const expansion = kind === 'basic' ? 1 : 4;
  let from = scaled(64);
  const stages = counts.map((count, stage) => {
    const inside = scaled(64 * 2 ** stage);
    const to = inside * expansion;
    const blocks = Array.from({ length: count }, (_, i) => {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      return residualBlock(kind, [i === 0 ? from : to, inside, to], stride, recalibrate);
    });
    from = to;
    return [`layer${stage + 1}`, chain(blocks)] as const;
  });
  return sequential(
    {
      conv1: convolution(channels, scaled(64), 7, { stride: 2, padding: 3 }),
      bn1: batchNorm2d(scaled(64)),
      relu: relu(),
      maxpool: maxPool2d(3, { stride: 2, padding: 1 }),
      ...Object.fromEntries(stages),
      avgpool: globalAvgPool2d(),
      fc: linear(from, classes),
    },
    { input: [channels, size, size], ...imageNetScale(channels, options) },
  );
}

/** Depth 18: 11,689,512 parameters. */
export const resNet18 = (options: ImageNetOptions = {}): Model => resNet(18, options);
/** Depth 34: 21,797,672 parameters. */
export const resNet34 = (options: ImageNetOptions = {}): Model => resNet(34, options);
/** Depth 50: 25,557,032 parameters. */
export const resNet50 = (options: ImageNetOptions = {}): Model => resNet(50, options);
/** Depth 101: 44,549,160 parameters. */
export const resNet101 = (options: ImageNetOptions = {}): Model => resNet(101, options);
/** Depth 152: 60,192,808 parameters. */
export const resNet152 = (options: ImageNetOptions = {}): Model => resNet(152, options);
