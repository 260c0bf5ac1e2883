/** Checks of settings that several transforms share. */
import {
  listOf,
  listOr,
  numberFrom,
  oneOrTwo,
  refuse,
  wholeFrom,
  type Check,
} from '../../base/check.js';

/** Bound on extents in pixels; larger ones are mistakes. */
export const MOST_PIXELS = 65_536;

/** Height and width. */
export type Size = readonly [height: number, width: number];

export const edge: Check = /* @__PURE__ */ wholeFrom(1, MOST_PIXELS);

/** Height and width; one number gives both. */
export const sides: Check = /* @__PURE__ */ oneOrTwo(edge);

export const probability: Check = /* @__PURE__ */ numberFrom(0, 1);

/** Two numbers in [low, high], the first at most the second. */
/* @__NO_SIDE_EFFECTS__ */
export const range =
  (low = -Infinity, high = Infinity): Check =>
  (transform, name, value) => {
    listOf(numberFrom(low, high), 2, 2)(transform, name, value);
    const [from, to] = value as readonly [number, number];
    if (from > to) refuse(transform, name, value, 'the smaller number before the larger');
  };

/** A range, or one number a for the range that `around` makes of it. */
/* @__NO_SIDE_EFFECTS__ */
export const spread = (centre: number, low: number, high: number): Check =>
  listOr(numberFrom(0, high - centre), range(low, high));

/** A value that `spread` accepts, as a range: a number a becomes [centre − a, centre + a], but not below `low`. */
export const around = (
  value: number | readonly [number, number],
  centre: number,
  low: number,
): readonly [number, number] =>
  typeof value === 'number' ? [Math.max(low, centre - value), centre + value] : value;
