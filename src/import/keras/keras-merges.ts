/** Layers of several values: sums, products, and values side by side. */
import {
  add,
  concat,
  maximum,
  multiply,
  scale,
  subtract,
  sum,
  type Layer,
} from '../../layers/index.js';
import { flagOf, numberOf, refuseIn, shown, type Settings } from './keras-settings.js';
import { unfit, type Build } from './keras-site.js';
import { alike, asKeras, inOrderOf, type Value } from './keras-values.js';

/** A layer of two values or more, element by element. */
export const merged =
  (make: () => Layer, least = 2) =>
  (): Build =>
  (site, ...given) => {
    if (given.length < least) unfit(`it takes ${given.length} values, expected ${least} or more`);
    const values = alike(given, site.apply);
    return inOrderOf(values[0]!, site.own('', make, ...values));
  };

export const added = merged(() => add());
export const multiplied = merged(() => multiply());
export const largest = merged(() => maximum());
export const subtracted = merged(() => subtract());

/** The mean of several values. */
export const averaged =
  (): Build =>
  (site, ...given) => {
    if (given.length < 2) unfit('it takes one value, expected two or more');
    const values = alike(given, site.apply);
    const total = site.own('', () => add(), ...values);
    return inOrderOf(
      values[0]!,
      site.own('_mean', () => scale(1 / values.length), total),
    );
  };

/** The smallest of several values: the largest of their opposites, turned around. */
export const smallest =
  (): Build =>
  (site, ...given) => {
    if (given.length < 2) unfit('it takes one value, expected two or more');
    const values = alike(given, site.apply).map((value) => site.apply(scale(-1), value));
    const most = site.own('', () => maximum(), ...values);
    return inOrderOf(alike(given, site.apply)[0]!, site.apply(scale(-1), most));
  };

/** Values side by side along an axis, by default the last. */
export function concatenated(s: Settings): Build {
  const axis = numberOf(s, 'axis', -1);
  return (site, ...given) => {
    const rank = given[0]!.shape.length;
    const at = axis < 0 ? axis + rank + 1 : axis;
    if (!Number.isInteger(at) || at < 1 || at > rank)
      unfit(`axis is ${axis} of ${rank + 1}, expected one from 1 on`);
    const plain: readonly Value[] = given.map((value) =>
      value.flat ? asKeras(value, site.apply) : value,
    );
    const values = alike(plain, site.apply);
    const { moved } = values[0]!;
    // Keras' last axis is axis 1 where it was moved, and the others follow.
    const placed = !moved ? at : at === rank ? 1 : at + 1;
    return site.own('', () => concat({ axis: placed }), ...values);
  };
}

/** The products of vectors. */
export function dotted(s: Settings): Build {
  if (flagOf(s, 'normalize', false)) refuseIn(s, 'normalize is true');
  const axes: unknown[] = [s.config['axes'] ?? -1].flat();
  if (!axes.every((axis) => axis === 1 || axis === -1))
    refuseIn(s, `axes is ${shown(s.config['axes'])}, expected 1`);
  return (site, ...given) => {
    const values = given.map((value) => asKeras(value, site.apply));
    if (values.length !== 2 || values.some(({ shape }) => shape.length !== 1))
      unfit('its inputs are not two vectors');
    const product = site.apply(multiply(), ...values);
    return site.own('', () => sum(1, { keepDims: true }), product);
  };
}
