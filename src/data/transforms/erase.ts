/** Transforms that replace boxes of an image by a value. */
import { exp, log } from '../../base/arithmetic.js';
import { checkOptions, finite, required, wholeFrom } from '../../base/check.js';
import { edge, probability, range } from './check-transforms.js';
import { make } from './make.js';
import type { Kind, Transform } from './transform.js';

/** The probability and the sizes of erased boxes. */
export interface RandomErasingOptions {
  /** Probability of erasing. Default 0.5. */
  readonly p?: number;
  /** Range of the box's share of the area. Default [0.02, 0.33]. */
  readonly scale?: readonly [number, number];
  /** Range of the box's height over its width. Default [0.3, 3.3]. */
  readonly ratio?: readonly [number, number];
  /** The value in the box. Default 0. */
  readonly value?: number;
}

/** The squares that are cut out of each image. */
export interface CutoutOptions {
  /** Edge of a square, in pixels; parts outside the image are lost. */
  readonly size: number;
  /** Number of squares. Default 1. */
  readonly count?: number;
  /** The value in the squares. Default 0. */
  readonly value?: number;
}

/**
 * Random erasing (Zhong et al. 2017); no change if ten draws do not fit.
 * @throws LanewiseError kind 'argument' for a setting out of range.
 */
export function randomErasing(options: RandomErasingOptions = {}): Transform {
  const name = 'randomErasing';
  checkOptions(name, options, {
    p: probability,
    scale: range(1e-6, 1),
    ratio: range(1e-3, 1e3),
    value: finite,
  });
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  return make(name, randomErasingKind, { p, scale, ratio, value });
}

/** Squares whose centres are anywhere (DeVries and Taylor 2017). @throws LanewiseError kind 'argument' for a setting out of range. */
export function cutout(options: CutoutOptions): Transform {
  checkOptions('cutout', options, {
    size: required(edge),
    count: wholeFrom(1, 1024),
    value: finite,
  });
  const { size, count = 1, value = 0 } = options;
  return make('cutout', cutoutKind, { size, count, value });
}

const ATTEMPTS = 10;

export const randomErasingKind: Kind<Required<RandomErasingOptions>> = {
  keepsPixels: true,
  shape: (_, shape) => shape,
  scratch: () => 0,
  prepare({ p, scale, ratio, value }, [C, h, w], { kernels }, stream) {
    const logs = ratio.map(log) as [number, number];
    return (from, _, draw) => {
      draw.begin(stream);
      if (draw.uniform() >= p) return from;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const area = h * w * draw.between(...scale);
        const proportion = exp(draw.between(...logs));
        const height = Math.floor(Math.sqrt(area * proportion) + 0.5);
        const width = Math.floor(Math.sqrt(area / proportion) + 0.5);
        if (height >= h || width >= w) continue;
        const [top, left] = [draw.integer(h - height + 1), draw.integer(w - width + 1)];
        kernels.fillBox(C, h, w, from, top, left, height, width, value);
        break;
      }
      return from;
    };
  },
};

/** The part of [centre − size div 2, + size) within [0, length): its beginning and length. */
function inside(centre: number, size: number, length: number): [number, number] {
  const start = centre - Math.floor(size / 2);
  const first = Math.max(0, start);
  return [first, Math.min(length, start + size) - first];
}

export const cutoutKind: Kind<Required<CutoutOptions>> = {
  keepsPixels: true,
  shape: (_, shape) => shape,
  scratch: () => 0,
  prepare({ size, count, value }, [C, h, w], { kernels }, stream) {
    return (from, _, draw) => {
      draw.begin(stream);
      for (let i = 0; i < count; i++) {
        const [top, height] = inside(draw.integer(h), size, h);
        const [left, width] = inside(draw.integer(w), size, w);
        kernels.fillBox(C, h, w, from, top, left, height, width, value);
      }
      return from;
    };
  },
};
