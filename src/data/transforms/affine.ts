/** Affine maps of an image: rotation, shift, scale and shear about its centre, as torchvision defines them. */
import { cosPi } from '../../base/arithmetic.js';
import { checkOptions, finite, listOf, numberFrom, required } from '../../base/check.js';
import { around, range, spread } from './check-transforms.js';
import type { PartKind } from './kinds.js';
import { make } from './make.js';
import type { ImageShape, Transform } from './transform.js';
import type { AffineMap } from './warp.js';

/** One affine map, the same for every image. */
export interface AffineOptions {
  /** Degrees, clockwise. Default 0. */
  readonly angle?: number;
  /** Pixels to the right and down. Default [0, 0]. */
  readonly translate?: readonly [number, number];
  /** Scale factor. Default 1. */
  readonly scale?: number;
  /** Degrees along x and y, below 90. Default [0, 0]. */
  readonly shear?: readonly [number, number];
  /** The value where the image has no pixel, 0–1 for bytes. Default 0. */
  readonly fill?: number;
}

/** Ranges that each image's affine map is drawn from. */
export interface RandomAffineOptions {
  /** Degrees of rotation: a range, or a for [−a, a]. */
  readonly degrees: number | readonly [number, number];
  /** Greatest shifts as fractions of width and height, not rounded to whole pixels. Default none. */
  readonly translate?: readonly [number, number];
  /** Range of the scale. Default none. */
  readonly scale?: readonly [number, number];
  /** Degrees: a or [min, max] along x, or [minX, maxX, minY, maxY]. Default none. */
  readonly shear?: number | readonly number[];
  /** The value where the image has no pixel, 0–1 for bytes. Default 0. */
  readonly fill?: number;
}

/** Greatest shear in degrees; at 90° it is undefined. */
const MOST_SHEAR = 89;
const SCALES = [1e-3, 1e3] as const;

/** Rotates, shifts, scales and shears. @throws LanewiseError kind 'argument' for a setting out of range. */
export function affine(options: AffineOptions = {}): Transform {
  checkOptions('affine', options, {
    angle: finite,
    translate: listOf(finite, 2, 2),
    scale: numberFrom(...SCALES),
    shear: listOf(numberFrom(-MOST_SHEAR, MOST_SHEAR), 2, 2),
    fill: finite,
  });
  const { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], fill = 0 } = options;
  return make('affine', affineKind, { angle, translate, scale, shear, fill });
}

/** A random map for every sample. @throws LanewiseError kind 'argument' for a setting out of range. */
export function randomAffine(options: RandomAffineOptions): Transform {
  const sheared = spread(0, -MOST_SHEAR, MOST_SHEAR);
  checkOptions('randomAffine', options, {
    degrees: required(spread(0, -360, 360)),
    translate: listOf(numberFrom(0, 1), 2, 2),
    scale: range(...SCALES),
    shear: (owner, name, value) => shearsOf(value).forEach((one) => sheared(owner, name, one)),
    fill: finite,
  });
  const { degrees, translate = [0, 0], scale = [1, 1], shear = 0, fill = 0 } = options;
  const [shearX, shearY] = shearsOf(shear).map((one) => around(one, 0, -MOST_SHEAR));
  return make('randomAffine', randomAffineKind, {
    degrees: around(degrees, 0, -360),
    translate,
    scale,
    shearX,
    shearY,
    fill,
  });
}

/** Along x and along y, each a number or a range. */
const shearsOf = (shear: unknown) =>
  (Array.isArray(shear) && shear.length === 4
    ? [shear.slice(0, 2), shear.slice(2)]
    : [shear, 0]) as readonly (number | readonly [number, number])[];

const cosine = (degrees: number) => cosPi(degrees / 180);
const sine = (degrees: number) => cosPi(degrees / 180 - 0.5);

/**
 * The inverse of T·C·R·S·C⁻¹ (shift, centre, rotation, scale and shear), which takes a result's pixel to the
 * source's: torchvision's `_get_inverse_affine_matrix`, about the centre ((w − 1)/2, (h − 1)/2).
 */
export function affineMap(
  [, h, w]: ImageShape,
  angle: number,
  [shiftX, shiftY]: readonly number[],
  scale: number,
  [shearX, shearY]: readonly number[],
): AffineMap {
  const [cx, cy] = [(w - 1) / 2, (h - 1) / 2];
  const tangent = sine(shearX!) / cosine(shearX!);
  const a = cosine(angle - shearY!) / cosine(shearY!);
  const b = -a * tangent - sine(angle);
  const c = sine(angle - shearY!) / cosine(shearY!);
  const d = -c * tangent + cosine(angle);
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale] as const;
  const [x, y] = [-cx - shiftX!, -cy - shiftY!];
  return [m0, m1, m0 * x + m1 * y + cx, m3, m4, m3 * x + m4 * y + cy];
}

type Pair = readonly [number, number];

interface AffineSettings {
  readonly angle: number;
  readonly translate: Pair;
  readonly scale: number;
  readonly shear: Pair;
  readonly fill: number;
}

interface RandomAffineSettings {
  readonly degrees: Pair;
  readonly translate: Pair;
  readonly scale: Pair;
  readonly shearX: Pair;
  readonly shearY: Pair;
  readonly fill: number;
}

export const affineKind: PartKind = {
  part({ settings }) {
    const { angle, translate, scale, shear, fill } = settings as unknown as AffineSettings;
    return { fill, map: (_, shape) => affineMap(shape, angle, translate, scale, shear) };
  },
};

export const randomAffineKind: PartKind = {
  part({ settings }) {
    const { degrees, translate, scale, shearX, shearY, fill } =
      settings as unknown as RandomAffineSettings;
    return {
      fill,
      map(draw, shape) {
        const angle = draw.between(...degrees);
        const [x, y] = [draw.between(-1, 1), draw.between(-1, 1)];
        const shifts = [x * translate[0] * shape[2], y * translate[1] * shape[1]];
        const factor = draw.between(...scale);
        const shear = [draw.between(...shearX), draw.between(...shearY)];
        return affineMap(shape, angle, shifts, factor, shear);
      },
    };
  },
};
