/** Common options of the nets for photographs, and the scale of their inputs. */
import { extent, numberAbove, type Checks } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { initializers, type PerChannel } from '../layers/index.js';

/** Settings of the models from ImageNet's papers. */
export interface ImageNetOptions {
  /** Height and width of the images, which are square; the default is the paper's. */
  readonly size?: number;
  /** Channels of the images; default 3. */
  readonly channels?: number;
  /** Number of classes; default 1000, those of ILSVRC. */
  readonly classes?: number;
  /** Factor on the channels of all layers, and on the units of hidden dense ones; default 1. */
  readonly width?: number;
  /** Mean and deviation of the values as the model reads them, bytes as 0 to 1; default ImageNet's, for red, green and blue. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
}

/** Checks of `ImageNetOptions`; `input` checks the scale. */
export const IMAGENET: Checks<ImageNetOptions> = {
  size: extent,
  channels: extent,
  classes: extent,
  width: /* @__PURE__ */ numberAbove(0),
  mean: true,
  deviation: true,
};

/** Checks of images with a scale, which `input` checks. */
export const SCALED = {
  size: extent,
  channels: extent,
  classes: extent,
  mean: true,
  deviation: true,
} as const;

/**
 * The given scale, or ImageNet's means and deviations of red, green and blue, as in torchvision's pretrained weights.
 * Images with other channels get the averages of the three.
 */
export function imageNetScale(
  channels: number,
  options: Pick<ImageNetOptions, 'mean' | 'deviation'>,
): { readonly mean: PerChannel; readonly deviation: PerChannel } {
  const { mean = channels === 3 ? [0.485, 0.456, 0.406] : 0.449 } = options;
  const { deviation = channels === 3 ? [0.229, 0.224, 0.225] : 0.226 } = options;
  return { mean, deviation };
}

/**
 * Initial values of layers before ReLUs, He et al. 2015: signals keep their size at any width and depth, whereas the
 * fixed deviations of older papers suit only their own nets.
 */
export const heInit = {
  weightInit: /* @__PURE__ */ initializers.heNormal(),
  biasInit: /* @__PURE__ */ initializers.constant(0),
} as const;

/**
 * Channels at a given width: rounded, at least one.
 * @throws LanewiseError kind 'argument' unless `width` is above 0.
 */
export function widthOf(model: string, width: number): (channels: number) => number {
  if (!(width > 0) || !Number.isFinite(width))
    throw new LanewiseError(
      'argument',
      `${model}: width is ${String(width)}, expected a number above 0`,
    );
  return (channels) => Math.max(1, Math.round(channels * width));
}

/** The extent that windows of `kernel` leave of `size`. */
export const windowsOf = (size: number, kernel: number, stride: number, padding = 0): number =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1;

/** The extent that pooling leaves. @throws LanewiseError kind 'argument' unless `left` is at least 1. */
export function leftOf(model: string, size: number, left: number): number {
  if (left >= 1) return left;
  throw new LanewiseError(
    'argument',
    `${model}: size is ${String(size)}, too small for its pooling: expected larger images`,
  );
}
