/** The frame of a chart as SVG: its axes with names, ticks and a grid, and the place for what is drawn. */
import { html, type Html, type Part } from '../base/html.js';
import { brief, scaleOf, type Ends, type Scale } from './axis-scale.js';

/** A picture's size in pixels, and what makes its ids its own in a page. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly id: string;
}

/** The place between the axes. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Axes, and the place between them. */
export interface Frame {
  readonly size: Size;
  readonly plot: Plot;
  readonly x: Scale;
  readonly y: Scale;
}

/** Pixels of a character of the ticks' size, about. */
export const CHARACTER = 6.2;
const LINE = 15;

/** A coordinate with a tenth of a pixel. */
export const px = (value: number): string => String(Math.round(value * 10) / 10);

/** What an axis needs: its values, ends and name. */
export interface AxisOf extends Ends {
  readonly name: string;
  readonly values: Iterable<number>;
}

const widest = ({ ticks }: Scale): number =>
  Math.max(0, ...ticks.map(({ text }) => text.length)) * CHARACTER;

/** The vertical axis of a picture, and the left end of its plot. */
export function verticalAxis(
  size: Size,
  y: AxisOf,
  bottomRoom = 2 * LINE + 8,
): { readonly scale: Scale; readonly top: number; readonly bottom: number; readonly left: number } {
  const [top, bottom] = [LINE + 10, size.height - bottomRoom];
  const scale = scaleOf(y.values, y, [bottom, top], (bottom - top) / 42);
  return { scale, top, bottom, left: widest(scale) + 10 };
}

/** The frame of values on two axes; `right` is the room beside the plot. */
export function frameOf(size: Size, x: AxisOf, y: AxisOf, right = 18): Frame {
  const { scale, top, bottom, left } = verticalAxis(size, y);
  const plot = { left, right: size.width - right, top, bottom };
  const ends = [plot.left, plot.right] as const;
  let count = (plot.right - plot.left) / 62;
  const values = Float64Array.from(x.values);
  const isWhole = values.every((value) => Number.isInteger(value));
  const scaleTo = (most: number): Scale => scaleOf(values, { ...x, isWhole }, ends, most);
  let across = scaleTo(count);
  // Long numbers need more room each.
  for (; count > 1.5 && isCrowded(across); count *= 0.7) across = scaleTo(count);
  return { size, plot, x: across, y: scale };
}

const isCrowded = ({ ticks, at }: Scale): boolean =>
  ticks.some(
    ({ value, text }, i) =>
      i > 0 &&
      at(value) - at(ticks[i - 1]!.value) <
        ((text.length + ticks[i - 1]!.text.length) / 2) * CHARACTER + 8,
  );

/** A value of an axis: its line of the grid, and the number beside it. */
const tickPart = (line: string, x: number, y: number, anchor: string, text: string): Html =>
  html`<path class="grid" d="${line}" /><text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"
      >${text}</text
    >`;

/** The vertical axis: its name above it, its ticks beside it, and its grid. */
export const verticalPart = ({ left, right }: Plot, y: Scale, name: string): Html =>
  html`<text x="0" y="11" class="name">${name}</text>${y.ticks.map(({ value, text }) => {
      const at = y.at(value);
      return tickPart(`M${px(left)} ${px(at)}H${px(right)}`, left - 6, at + 4, 'end', text);
    })}`;

/** The horizontal axis: its ticks below it, and its name below them. */
export const horizontalPart = ({ left, right, top, bottom }: Plot, x: Scale, name: string): Html =>
  html`${x.ticks.map(({ value, text }) => {
      const at = x.at(value);
      return tickPart(`M${px(at)} ${px(top)}V${px(bottom)}`, at, bottom + LINE, 'middle', text);
    })}<text
      x="${px((left + right) / 2)}"
      y="${px(bottom + 2 * LINE + 2)}"
      text-anchor="middle"
      class="name"
      >${name}</text
    >`;

/** The style of pictures, which a page has once and a file of its own inside. */
export const CHART_STYLE = `.chart { display: block; width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: var(--soft); }
.chart .name { font-size: 12px; fill: var(--ink); }
.chart .grid { stroke: var(--grid); fill: none; }
.chart .frame { stroke: var(--soft); fill: none; }
.chart .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.chart .dots { fill: none; stroke-linecap: round; }
.chart .halo { paint-order: stroke; stroke: var(--card); stroke-width: 3px; fill: var(--ink); }
`;

/** The element of a picture; `title` is for those who cannot see it. */
export const svg = (size: Size, title: string, kind: string, inside: Part): Html =>
  html`<svg
    xmlns="http://www.w3.org/2000/svg"
    class="chart ${kind}"
    viewBox="0 0 ${size.width} ${size.height}"
    role="img"
    aria-label="${title}"
  >
    ${inside}
  </svg>`;

/** What a dot on the frame may have outside of it. */
const EDGE = 3;

/** What lies outside of the plot is not drawn. */
export const clipped = ({ id }: Size, { left, right, top, bottom }: Plot, inside: Part): Html =>
  html`<clipPath id="${id}"
      ><rect
        x="${px(left - EDGE)}"
        y="${px(top - EDGE)}"
        width="${px(right - left + 2 * EDGE)}"
        height="${px(bottom - top + 2 * EDGE)}" /></clipPath
    ><g clip-path="url(#${id})">${inside}</g
    ><path class="frame" d="M${px(left)} ${px(top)}V${px(bottom)}H${px(right)}" />`;

export { brief };
