/** The function that adds transforms to a data set. */
import { checkObject } from '../../base/check.js';
import type { Shape } from '../../graph/tensor.js';
import { checkNamesOf } from '../forms.js';
import { planGiven } from './chain.js';
import type { Transform } from './transform.js';

/** Data that can have transforms: a data set of images, or a field of one of arrays. */
export interface Transformable {
  readonly shape: Shape;
  readonly transforms?: readonly Transform[];
}

/**
 * The same data with `transforms` after its own; it shares memory with `data`.
 * @throws LanewiseError kind 'argument' for a value that is not a transform, 'data' for samples that they do not fit.
 */
export function transformed<D extends Transformable>(
  data: D,
  transforms: readonly Transform[],
): D & { readonly transforms: readonly Transform[] } {
  checkObject('transformed', data, ['samples', 'labels', 'shape']);
  checkNamesOf(data);
  planGiven(transforms, planGiven(data.transforms ?? [], data.shape).shape);
  return { ...data, transforms: [...(data.transforms ?? []), ...transforms] };
}
