/** Charts of curves and of points as SVG. */
import { html, type Html } from '../base/html.js';
import { toneOf } from './colours.js';
import {
  clipped,
  frameOf,
  horizontalPart,
  px,
  svg,
  verticalPart,
  type Frame,
  type Size,
} from './frame.js';
import type { Lines, LineSeries, Numbers, Points, PointSeries } from './picture-data.js';

type Place = readonly [x: number, y: number];

/** The places of a curve in parts, divided where a value has no place; at most two a pixel across. */
function partsOf({ x, y, plot }: Frame, xs: Numbers, ys: Numbers): Place[][] {
  const parts: Place[][] = [[]];
  for (let i = 0; i < xs.length; i++) {
    const place = [x.at(xs[i]!), y.at(ys[i]!)] as const;
    if (Number.isFinite(place[0]) && Number.isFinite(place[1])) parts.at(-1)!.push(place);
    else if (parts.at(-1)!.length > 0) parts.push([]);
  }
  const most = 2 * Math.ceil(plot.right - plot.left);
  return parts.filter((part) => part.length > 0).map((part) => thinned(part, most));
}

/** The lowest and the highest of each group of neighbours, so that no peak is lost. */
function thinned(places: readonly Place[], most: number): Place[] {
  const size = Math.ceil((2 * places.length) / most);
  if (size <= 2) return [...places];
  return Array.from({ length: Math.ceil(places.length / size) }, (_, i) => {
    const group = places.slice(i * size, (i + 1) * size);
    const byHeight = group.toSorted((a, b) => a[1] - b[1]);
    const ends = [byHeight[0]!, byHeight.at(-1)!];
    return group.filter((place) => ends.includes(place));
  }).flat();
}

const pathOf = (places: readonly Place[]): string =>
  places.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');

/** Points as one path: a line of no length with round ends is a dot. */
export const dots = (places: readonly Place[]): string =>
  places.map(([x, y]) => `M${px(x)} ${px(y)}h0`).join('');

/** Curves of so few points show them. */
const FEW = 24;

function curve(frame: Frame, { x, y, low, high, dashed }: LineSeries, tone: string): Html {
  const parts = partsOf(frame, x, y);
  const band =
    low && high
      ? [...(partsOf(frame, x, high)[0] ?? []), ...(partsOf(frame, x, low)[0] ?? []).toReversed()]
      : [];
  const shown = parts.filter((part) => x.length <= FEW || part.length === 1).flat();
  return html`${
      band.length > 0 &&
      html`<path d="${pathOf(band)}Z" style="fill:${tone};opacity:.18;stroke:none" />`
    }<path
      class="curve"
      d="${parts.map(pathOf).join('')}"
      style="stroke:${tone}${dashed && ';stroke-dasharray:5 4'}"
    />${
      shown.length > 0 &&
      html`<path class="dots" d="${dots(shown)}" style="stroke:${tone};stroke-width:5.5" />`
    }`;
}

/** All values of a list of lists. */
function* all(lists: readonly (Numbers | undefined)[]): Generator<number> {
  for (const list of lists) if (list) yield* list;
}

const whole = (frame: Frame, { title, x, y, kind }: Lines | Points, inside: Html[]): Html =>
  svg(
    frame.size,
    title,
    kind,
    html`${horizontalPart(frame.plot, frame.x, x.name)}${verticalPart(
      frame.plot,
      frame.y,
      y.name,
    )}${clipped(frame.size, frame.plot, inside)}`,
  );

/** Draws curves. */
export function drawLines(picture: Lines, size: Size): Html {
  const { x, y, series } = picture;
  const across = { ...x, isTight: !x.log, values: all(series.map((one) => one.x)) };
  const up = { ...y, values: all(series.flatMap((one) => [one.y, one.low, one.high])) };
  const frame = frameOf(size, across, up);
  // Broken curves come last, so that one is seen on a whole one that goes the same way.
  const ranked = [...series.entries()].toSorted(
    ([, a], [, b]) => Number(a.dashed ?? false) - Number(b.dashed ?? false),
  );
  const drawn = ranked.map(([i, one]) => curve(frame, one, toneOf(i, series.length)));
  return whole(frame, picture, drawn);
}

/** The places of a series that has them. */
export const placesOf = ({ x, y }: Frame, one: PointSeries): Place[] =>
  Array.from(one.x, (value, i) => [x.at(value), y.at(one.y[i]!)] as const).filter(
    (place) => Number.isFinite(place[0]) && Number.isFinite(place[1]),
  );

/** Draws points, smaller where there are many. */
export function drawPoints(picture: Points, size: Size): Html {
  const { x, y, series } = picture;
  const count = series.reduce((sum, one) => sum + one.x.length, 0);
  const width = count > 2000 ? 2 : count > 300 ? 3.5 : 6;
  const frame = frameOf(
    size,
    { ...x, values: all(series.map((one) => one.x)) },
    { ...y, values: all(series.map((one) => one.y)) },
  );
  const drawn = series.map(
    (one, i) =>
      html`<path
        class="dots"
        d="${dots(placesOf(frame, one))}"
        style="stroke:${toneOf(i, series.length)};stroke-width:${width};opacity:.8"
      />`,
  );
  return whole(frame, picture, drawn);
}
