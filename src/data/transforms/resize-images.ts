/** Transforms that resize an image, or a random part of it, to a given size. */
import { exp, log } from '../../base/arithmetic.js';
import { checkOptions, flag, pairOf, required } from '../../base/check.js';
import { range, sides, type Size } from './check-transforms.js';
import type { Draw } from './draw.js';
import { make } from './make.js';
import type { Bench, ImageShape, Kind, Transform } from './transform.js';

/** The target size and antialiasing. */
export interface ResizeOptions {
  /** Height and width, or the length of the shorter edge: the other keeps the aspect. */
  readonly size: number | Size;
  /** Whether a shrinking image's pixels are means of all that they cover. Default true. */
  readonly antialias?: boolean;
}

/** The part that is cut from each image, and its target size. */
export interface RandomResizedCropOptions {
  /** Height and width, or one number for both. */
  readonly size: number | Size;
  /** Range of the part's share of the area. Default [0.08, 1]. */
  readonly scale?: readonly [number, number];
  /** Range of the part's width over its height. Default [3/4, 4/3]. */
  readonly ratio?: readonly [number, number];
  /** As in `ResizeOptions`. Default true. */
  readonly antialias?: boolean;
}

/** Bilinear resizing. @throws LanewiseError kind 'argument' for a setting out of range. */
export function resize(options: ResizeOptions): Transform {
  checkOptions('resize', options, { size: required(sides), antialias: flag });
  const { size, antialias = true } = options;
  return make('resize', resizeKindOf, { size, antialias });
}

/** A part of random area and aspect, resized (Szegedy et al. 2015); the middle if ten draws do not fit. */
export function randomResizedCrop(options: RandomResizedCropOptions): Transform {
  const name = 'randomResizedCrop';
  checkOptions(name, options, {
    size: required(sides),
    scale: range(1e-6, 1),
    ratio: range(1e-3, 1e3),
    antialias: flag,
  });
  const { size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], antialias = true } = options;
  return make(name, randomResizedCropKind, { size: pairOf(size), scale, ratio, antialias });
}

/** A part of an image: its place, height and width. */
type Box = readonly [top: number, left: number, height: number, width: number];

/** A kind that resizes the part that `box` returns. */
/* @__NO_SIDE_EFFECTS__ */
function resizeKind<S extends { readonly antialias: boolean }>(
  sizeOf: (settings: S, shape: ImageShape) => Size,
  box: (settings: S, shape: ImageShape, draw: Draw) => Box,
): Kind<S> {
  return {
    keepsPixels: true,
    shape: (settings, shape) => [shape[0], ...sizeOf(settings, shape)],
    scratch(settings, shape) {
      const [H, W] = sizeOf(settings, shape);
      const [, h, w] = shape;
      return H * (2 + taps(H, h)) + W * (2 + taps(W, w)) + h * W;
    },
    prepare(settings, shape, { kernels, at }: Bench, stream) {
      const [C, h, w] = shape;
      const [H, W] = sizeOf(settings, shape);
      const antialias = Number(settings.antialias);
      return (from, to, draw) => {
        draw.begin(stream);
        const [top, left, height, width] = box(settings, shape, draw);
        kernels.resizePlanes(C, h, w, from, top, left, height, width, H, W, antialias, at, to);
        return to;
      };
    },
  };
}

/** Largest number of weights per pixel, as in assembly/resize.ts. */
const taps = (size: number, length: number) => 2 * Math.ceil(Math.max(length / size, 1)) + 1;

export const resizeKindOf = resizeKind<{
  readonly size: number | Size;
  readonly antialias: boolean;
}>(
  ({ size }, [, h, w]) => {
    if (typeof size !== 'number') return size;
    const short = Math.min(h, w);
    const long = (length: number) => Math.max(1, Math.floor((length * size) / short));
    return h < w ? [size, long(w)] : [long(h), size];
  },
  (_, [, h, w]) => [0, 0, h, w],
);

interface RandomResizedCropSettings {
  readonly size: Size;
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly antialias: boolean;
}

const ATTEMPTS = 10;
const round = (value: number) => Math.floor(value + 0.5);

export const randomResizedCropKind = resizeKind<RandomResizedCropSettings>(
  ({ size }) => size,
  ({ scale, ratio }, [, h, w], draw) => {
    const logs = ratio.map(log) as [number, number];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const area = h * w * draw.between(...scale);
      const proportion = exp(draw.between(...logs));
      const width = round(Math.sqrt(area * proportion));
      const height = round(Math.sqrt(area / proportion));
      if (width < 1 || width > w || height < 1 || height > h) continue;
      return [draw.integer(h - height + 1), draw.integer(w - width + 1), height, width];
    }
    return centralBox(h, w, ratio);
  },
);

/** The largest central part whose aspect is in the range. */
function centralBox(h: number, w: number, [low, high]: readonly [number, number]): Box {
  const found = w / h;
  const width = found > high ? Math.max(1, round(h * high)) : w;
  const height = found < low ? Math.max(1, round(w / low)) : h;
  return [Math.floor((h - height) / 2), Math.floor((w - width) / 2), height, width];
}
