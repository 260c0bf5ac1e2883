/** Crops, which cut a part out of an image. */
import { checkOptions, finite, pairOf, required, wholeFrom } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import { showShape } from '../../graph/tensor.js';
import { MOST_PIXELS, sides, type Size } from './check-transforms.js';
import type { Draw } from './draw.js';
import { make } from './make.js';
import type { Apply, Bench, ImageShape, Kind, Transform } from './transform.js';

/** The part that is cut out, the same for every image. */
export interface CropAtOptions {
  /** Row and column of the part's first pixel; may lie outside of the image. */
  readonly top: number;
  readonly left: number;
  /** Height and width of the part, or one number for both. */
  readonly size: number | Size;
  /** The value where the image has no pixel, 0–1 for bytes. Default 0. */
  readonly fill?: number;
}

/** The part that is cut from a random place of each image. */
export interface RandomCropOptions {
  /** Height and width of the part, or one number for both. */
  readonly size: number | Size;
  /** Pixels of `fill` around the image before it is cut. Default 0. */
  readonly padding?: number;
  readonly fill?: number;
}

/** The part at a given place. @throws LanewiseError kind 'argument' for a setting out of range. */
export function cropAt(options: CropAtOptions): Transform {
  checkOptions('cropAt', options, {
    top: required(wholeFrom(-MOST_PIXELS, MOST_PIXELS)),
    left: required(wholeFrom(-MOST_PIXELS, MOST_PIXELS)),
    size: required(sides),
    fill: finite,
  });
  const { top, left, size, fill = 0 } = options;
  return make('cropAt', cropAtKind, { top, left, size: pairOf(size), fill });
}

/** The part in the middle; a smaller image gets a border of zeros. */
export function centerCrop(size: number | Size): Transform {
  sides('centerCrop', 'size', size);
  return make('centerCrop', centerCropKind, { size: pairOf(size) });
}

/** A part at a random place. @throws LanewiseError kind 'argument' for a setting out of range. */
export function randomCrop(options: RandomCropOptions): Transform {
  checkOptions('randomCrop', options, {
    size: required(sides),
    padding: wholeFrom(0, MOST_PIXELS),
    fill: finite,
  });
  const { size, padding = 0, fill = 0 } = options;
  return make('randomCrop', randomCropKind, { size: pairOf(size), padding, fill });
}

interface CropSettings {
  readonly size: Size;
}

/** A kind that cuts at the row and column that `place` returns, `sizeOf` pixels. */
/* @__NO_SIDE_EFFECTS__ */
function cropKind<S>(
  place: (settings: S, shape: ImageShape, draw: Draw) => readonly [number, number],
  fillOf: (settings: S) => number,
  check?: (settings: S, shape: ImageShape) => void,
  sizeOf: (settings: S, shape: ImageShape) => Size = (settings) =>
    (settings as S & CropSettings).size,
): Kind<S> {
  return {
    keepsPixels: true,
    shape(settings, shape) {
      check?.(settings, shape);
      return [shape[0], ...sizeOf(settings, shape)];
    },
    scratch: () => 0,
    prepare(settings, shape, { kernels }: Bench, stream): Apply {
      const [C, h, w] = shape;
      const [H, W] = sizeOf(settings, shape);
      const fill = fillOf(settings);
      return (from, to, draw) => {
        draw.begin(stream);
        const [top, left] = place(settings, shape, draw);
        kernels.cropPlanes(C, h, w, from, top, left, H, W, fill, to);
        return to;
      };
    },
  };
}

export const cropAtKind = cropKind<Required<CropAtOptions> & CropSettings>(
  ({ top, left }) => [top, left],
  ({ fill }) => fill,
);

/**
 * The margin before the middle part: half of the excess, half pixels rounded to even; of an added border the smaller
 * part comes first. Both are as in torchvision.
 */
function middle(length: number, part: number): number {
  if (length < part) return -Math.floor((part - length) / 2);
  const half = Math.floor((length - part) / 2);
  return (length - part) % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}

export const centerCropKind = cropKind<CropSettings>(
  ({ size: [H, W] }, [, h, w]) => [middle(h, H), middle(w, W)],
  () => 0,
);

export const randomCropKind = cropKind<Required<RandomCropOptions> & CropSettings>(
  ({ size: [H, W], padding }, [, h, w], draw) => [
    draw.integer(h + 2 * padding - H + 1) - padding,
    draw.integer(w + 2 * padding - W + 1) - padding,
  ],
  ({ fill }) => fill,
  ({ size: [H, W], padding }, shape) => {
    const [, h, w] = shape;
    if (H <= h + 2 * padding && W <= w + 2 * padding) return;
    throw new LanewiseError(
      'data',
      `randomCrop of ${H}×${W} from samples of ${showShape(shape)} with padding ${padding}, expected a part that fits`,
    );
  },
);

/** The places of five crops. */
export const CORNERS = ['topLeft', 'topRight', 'bottomLeft', 'bottomRight', 'center'] as const;

type Corner = (typeof CORNERS)[number];

const corners: Readonly<Record<Corner, readonly [down: 0 | 1 | 0.5, right: 0 | 1 | 0.5]>> = {
  topLeft: [0, 0],
  topRight: [0, 1],
  bottomLeft: [1, 0],
  bottomRight: [1, 1],
  center: [0.5, 0.5],
};

export const cornerCropKind = cropKind<CropSettings & { readonly corner: Corner }>(
  ({ size: [H, W], corner }, [, h, w]) => {
    const [down, right] = corners[corner];
    const at = (place: 0 | 1 | 0.5, length: number, part: number) =>
      place === 0.5 ? middle(length, part) : place * (length - part);
    return [at(down, h, H), at(right, w, W)];
  },
  () => 0,
  ({ size: [H, W] }, shape) => {
    if (H <= shape[1] && W <= shape[2]) return;
    throw new LanewiseError(
      'data',
      `crops of ${H}×${W} from samples of ${showShape(shape)}, expected crops that fit`,
    );
  },
);

/** The squares of an image along its longer side: of a wide one the left, the middle and the right. */
export const SQUARES = ['first', 'middle', 'last'] as const;

export const squareKind = cropKind<{ readonly square: (typeof SQUARES)[number] }>(
  ({ square }, [, h, w]) => {
    const at = (length: number, part: number) =>
      square === 'middle' ? middle(length, part) : square === 'last' ? length - part : 0;
    const side = Math.min(h, w);
    return [at(h, side), at(w, side)];
  },
  () => 0,
  undefined,
  (_, [, h, w]) => [Math.min(h, w), Math.min(h, w)],
);
