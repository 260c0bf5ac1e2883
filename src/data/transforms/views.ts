/** Several views of every image, whose scores are averaged: lists of deterministic transforms. */
import { pairOf } from '../../base/check.js';
import { sides, type Size } from './check-transforms.js';
import { CORNERS, cornerCropKind } from './crop.js';
import { randomHorizontalFlip } from './flip.js';
import { make } from './make.js';
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
export function tenCrop(size: number | Size): Views {
  const views = fiveCrop(size);
  return [...views, ...views.map((view) => [randomHorizontalFlip(1), ...view])];
}
