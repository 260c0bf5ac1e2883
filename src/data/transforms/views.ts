/** Several views of every image, whose scores are averaged: lists of deterministic transforms. */
import { checkOptions, listOf, pairOf, refuse, required } from '../../base/check.js';
import { edge, sides, type Size } from './check-transforms.js';
import { CORNERS, cornerCropKind, SQUARES, squareKind } from './crop.js';
import { randomHorizontalFlip } from './flip.js';
import { make } from './make.js';
import { resize } from './resize-images.js';
import type { Transform } from './transform.js';

/** Several views of a sample, each a list of transforms. */
export type Views = readonly (readonly Transform[])[];

/** The four corners and the middle. @throws LanewiseError kind 'argument' for a size out of range. */
export function fiveCrop(size: number | Size): Views {
  sides('fiveCrop', 'size', size);
  const extents = pairOf(size);
  return CORNERS.map((corner) => [make('cornerCrop', cornerCropKind, { size: extents, corner })]);
}

/**
 * The same five crops, and those of the mirrored image, as Krizhevsky et al. 2012 score.
 * @throws LanewiseError kind 'argument' for a size out of range.
 */
export const tenCrop = (size: number | Size): Views => mirrored(fiveCrop(size));

/** The views, and those of the mirrored image. */
const mirrored = (views: Views): Views => [
  ...views,
  ...views.map((view) => [randomHorizontalFlip(1), ...view]),
];

/** The scales of `multiCrop`. */
export interface MultiCropOptions {
  /** Lengths of the shorter edge to which an image is resized; each gives 36 views. */
  readonly edges: readonly number[];
}

/**
 * Of the image at each scale the squares at both ends and in the middle; of each square its five crops and all of it, brought
 * to the size of a crop; and all of these of the mirrored image: 144 views of four scales, as Szegedy et al. 2015 score.
 * @throws LanewiseError kind 'argument' for values out of range, and for an edge shorter than a crop.
 */
export function multiCrop(size: number, options: MultiCropOptions): Views {
  edge('multiCrop', 'size', size);
  const { edges } = checkOptions('multiCrop', options, { edges: required(listOf(edge)) });
  const short = edges.find((length) => length < size);
  if (short !== undefined) refuse('multiCrop', 'edges', edges, `lengths of at least ${size}`);
  const whole = [resize({ size: [size, size] })];
  return mirrored(
    edges.flatMap((length) =>
      SQUARES.flatMap((square) =>
        [...fiveCrop(size), whole].map((view) => [
          resize({ size: length }),
          make('square', squareKind, { square }),
          ...view,
        ]),
      ),
    ),
  );
}
