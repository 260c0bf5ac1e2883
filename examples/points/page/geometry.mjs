// The plane on the page: which part of it is shown, and where its points are.

/** The part of the plane that is shown at first. */
export const SQUARE = { left: -1, top: 1, right: 1, bottom: -1 };
const MARGIN = 0.06;
/** Points that fill less of the square are shown larger. */
const LEAST = 0.5;

/** A part of the plane in which all points are seen: the square, or what the points need. */
export function viewOf(points) {
  const [left, right] = reach(points.map(({ x }) => x));
  const [bottom, top] = reach(points.map(({ y }) => y));
  const isInside = ({ x, y }) => Math.abs(x) <= 1 && Math.abs(y) <= 1;
  const isLarge = points.length < 3 || Math.max(right - left, top - bottom) >= LEAST;
  if (isLarge && points.every(isInside)) return SQUARE;
  return { left, top, right, bottom };
}

function reach(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const margin = (high - low) * MARGIN || 1;
  return [low - margin, high + margin];
}

/** From a place in the plane to shares of the sheet from its left and its top. */
export const toSheet = ({ left, top, right, bottom }, { x, y }) => ({
  x: (x - left) / (right - left),
  y: (y - top) / (bottom - top),
});

/** Back again, in as many decimals as are seen. */
export function fromSheet({ left, top, right, bottom }, { x, y }) {
  const rounded = (value, extent) => {
    const digits = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(extent) / 2)));
    return Number(value.toFixed(Math.min(12, digits)));
  };
  return {
    x: rounded(left + x * (right - left), right - left),
    y: rounded(top + y * (bottom - top), bottom - top),
  };
}

/** The index of the point that is nearest to a place of the sheet, if it is nearer than `most`. */
export function nearest(points, view, place, most) {
  let [best, distance] = [-1, most];
  points.forEach((point, i) => {
    const { x, y } = toSheet(view, point);
    const away = Math.hypot(x - place.x, y - place.y);
    if (away < distance) [best, distance] = [i, away];
  });
  return best;
}
