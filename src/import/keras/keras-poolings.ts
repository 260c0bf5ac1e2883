/** Pooling, with Keras' padding, and resampling of images. */
import {
  avgPool1d,
  avgPool2d,
  globalAvgPool1d,
  globalAvgPool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  max,
  maxPool1d,
  maxPool2d,
  mean,
  pad,
  pad2d,
  reshape,
  slice,
  upsample2d,
  type Layer,
} from '../../layers/index.js';
import { channelsFirst, inFormat } from './keras-convolutions.js';
import { choiceOf, flagOf, refuseIn, sizesOf, type Settings } from './keras-settings.js';
import { unfit, type Build, type Site } from './keras-site.js';
import type { Value } from './keras-values.js';

type Kind = 'max' | 'average';

const formatOf = (s: Settings): boolean =>
  choiceOf(s, 'data_format', ['channels_last', 'channels_first'], 'channels_last') ===
  'channels_first';

/** How windows of `same` lie along one axis: cells before and after, for ⌈extent / stride⌉ outputs. */
function same(extent: number, kernel: number, stride: number): [before: number, after: number] {
  const total = Math.max((Math.ceil(extent / stride) - 1) * stride + kernel - extent, 0);
  return [total >> 1, total - (total >> 1)];
}

interface Window {
  readonly kind: Kind;
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
}

/** A pooling layer for one axis or two. */
function poolLayer(
  { kind, kernel, stride }: Window,
  padding: readonly number[],
  ceilMode: boolean,
): Layer {
  const isMax = kind === 'max';
  const counted = isMax ? {} : { countIncludePad: false };
  if (kernel.length === 1) {
    const options = { stride: stride[0]!, padding: padding[0]!, ceilMode, ...counted };
    return isMax ? maxPool1d(kernel[0]!, options) : avgPool1d(kernel[0]!, options);
  }
  const two = (sizes: readonly number[]) => sizes as unknown as readonly [number, number];
  const options = { stride: two(stride), padding: two(padding), ceilMode, ...counted };
  return isMax ? maxPool2d(two(kernel), options) : avgPool2d(two(kernel), options);
}

/**
 * Windows of `same`. An odd cell stands at the end: with a stride, `ceilMode` has the window that reaches there; without
 * one, the padding is that cell too much at the beginning, whose window is cut off.
 */
function poolSame(site: Site, window: Window, value: Value): Value {
  const { kernel, stride } = window;
  const extents = value.shape.slice(0, -1);
  const sides = extents.map((extent, i) => same(extent, kernel[i]!, stride[i]!));
  const isCut = sides.map(([before, after], i) => before !== after && stride[i] === 1);
  const padding = sides.map(([before, after], i) => (isCut[i] ? after : before));
  const ceilMode = sides.some(([before, after], i) => before !== after && !isCut[i]);
  const y = site.own('', () => poolLayer(window, padding, ceilMode), value);
  return isCut.reduce((image, cut, i) => (cut ? site.apply(slice(2 + i, 1), image) : image), y);
}

/** MaxPooling and AveragePooling along `axes` axes. */
export const pooling =
  (kind: Kind, axes: 1 | 2) =>
  (s: Settings): Build => {
    const kernel = sizesOf(s, 'pool_size', axes, 2);
    const stride =
      s.config['strides'] === null || s.config['strides'] === undefined
        ? kernel
        : sizesOf(s, 'strides', axes, 2);
    const padding = choiceOf(s, 'padding', ['valid', 'same'], 'valid');
    const isFirst = formatOf(s);
    const window = { kind, kernel, stride };
    return (site, given) => {
      const value = channelsFirst(site, given, isFirst, axes + 1);
      const y =
        padding === 'same'
          ? poolSame(site, window, value)
          : site.own(
              '',
              () =>
                poolLayer(
                  window,
                  kernel.map(() => 0),
                  false,
                ),
              value,
            );
      return inFormat(y, isFirst);
    };
  };

/** The mean or maximum of each channel. */
export const globalPooling =
  (kind: Kind, axes: 1 | 2) =>
  (s: Settings): Build => {
    const keepDims = flagOf(s, 'keepdims', false);
    const isFirst = formatOf(s);
    const makeMoved = {
      max: { 1: globalMaxPool1d, 2: globalMaxPool2d },
      average: { 1: globalAvgPool1d, 2: globalAvgPool2d },
    }[kind][axes];
    return (site, given) => {
      const isSteps = axes === 1 && !isFirst && !given.moved;
      if (isSteps && given.shape.length === 2) {
        const reduce = kind === 'max' ? max : mean;
        return site.own('', () => reduce(1, { keepDims }), given);
      }
      const value = channelsFirst(site, given, isFirst, axes + 1);
      const y = site.own('', () => makeMoved(), value);
      if (!keepDims) return y;
      const c = value.shape.at(-1)!;
      const ones = Array.from({ length: axes }, () => 1);
      const kept = site.apply(reshape([c, ...ones]), y);
      return inFormat({ ...kept, shape: [...ones, c], moved: true }, isFirst);
    };
  };

/** A number, a list of numbers, or of pairs, as `axes` pairs. */
function pairsOf(
  s: Settings,
  key: string,
  axes: number,
  usual: number,
): (readonly [number, number])[] {
  const value = s.config[key] ?? usual;
  const all: unknown[] =
    axes === 1 && Array.isArray(value) && typeof value[0] === 'number'
      ? [value]
      : Array.isArray(value)
        ? value
        : Array.from({ length: axes }, () => value);
  const pairs = all.map((one) => (Array.isArray(one) ? (one as unknown[]) : [one, one]));
  const isWidth = (one: unknown) =>
    Number.isInteger(one) && (one as number) >= 0 && (one as number) < 2 ** 31;
  if (pairs.length === axes && pairs.every((one) => one.length === 2 && one.every(isWidth)))
    return pairs as unknown as [number, number][];
  refuseIn(s, `${key} is ${JSON.stringify(value)}, expected whole numbers for ${axes} axes`);
  return Array.from({ length: axes }, () => [0, 0] as const);
}

/** Zeros around images or sequences. */
export const zeroPadding =
  (axes: 1 | 2) =>
  (s: Settings): Build => {
    const sides = pairsOf(s, 'padding', axes, 1);
    const isFirst = formatOf(s);
    return (site, given) => {
      const value = channelsFirst(site, given, isFirst, axes + 1);
      const [top, bottom] = sides[0]!;
      const side = sides[1];
      const make = () =>
        side
          ? pad2d([side[0], side[1], top, bottom])
          : pad([
              [0, 0],
              [top, bottom],
            ]);
      return inFormat(site.own('', make, value), isFirst);
    };
  };

/** Rows and columns, or steps, cut off. */
export const cropping =
  (axes: 1 | 2) =>
  (s: Settings): Build => {
    const sides = pairsOf(s, 'cropping', axes, axes === 1 ? 1 : 0);
    const isFirst = formatOf(s);
    return (site, given) => {
      const value = channelsFirst(site, given, isFirst, axes + 1);
      const extents = value.shape.slice(0, -1);
      const y = sides.reduce((image, [before, after], i) => {
        if (before + after >= extents[i]!)
          unfit(`cropping ${before} and ${after} leaves nothing of ${extents[i]}`);
        if (before + after === 0) return image;
        return site.apply(slice(2 + i, before, extents[i]! - after), image);
      }, value);
      return inFormat(y, isFirst);
    };
  };

/** Images enlarged by whole factors. */
export function upsampling2d(s: Settings): Build {
  const [h, w] = sizesOf(s, 'size', 2, 2) as [number, number];
  const mode = choiceOf(s, 'interpolation', ['nearest', 'bilinear'], 'nearest');
  if (mode === 'bilinear' && s.dialect === 'tfjs')
    refuseIn(s, "interpolation is 'bilinear', which tfjs computes from the pixels' corners");
  const isFirst = formatOf(s);
  return (site, given) => {
    const value = channelsFirst(site, given, isFirst, 3);
    return inFormat(
      site.own('', () => upsample2d({ scale: [h, w], mode }), value),
      isFirst,
    );
  };
}
