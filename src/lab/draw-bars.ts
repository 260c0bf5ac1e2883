/** Charts of bars as SVG. */
import { html, type Html } from '../base/html.js';
import { toneOf } from './colours.js';
import { CHARACTER, clipped, px, svg, verticalAxis, verticalPart, type Size } from './frame.js';
import type { Bars } from './picture-data.js';
import type { Scale } from './axis-scale.js';

/** A group's name on as many lines as fit below it, or turned. */
function labelOf(name: string, x: number, y: number, isTurned: boolean): Html {
  if (isTurned)
    return html`<text
      transform="translate(${px(x + 3)} ${px(y + 12)}) rotate(-38)"
      text-anchor="end"
      >${name}</text
    >`;
  return html`<text x="${px(x)}" y="${px(y + 15)}" text-anchor="middle">${name}</text>`;
}

/** One bar with its whisker. */
function bar(
  y: Scale,
  base: number,
  [x, width]: readonly [number, number],
  [value, low, high]: readonly (number | undefined)[],
  tone: string,
): Html {
  const to = y.at(value!);
  if (!Number.isFinite(to)) return html``;
  const [top, bottom] = [Math.min(to, base), Math.max(to, base)];
  const middle = x + width / 2;
  return html`<rect
      x="${px(x)}"
      y="${px(top)}"
      width="${px(width)}"
      height="${px(Math.max(0.5, bottom - top))}"
      style="fill:${tone}"
    />${
      low !== undefined &&
      high !== undefined &&
      html`<path
        style="stroke:var(--ink);fill:none"
        d="M${px(middle - 3)} ${px(y.at(low))}h6m-3 0V${px(y.at(high))}m-3 0h6"
      />`
    }`;
}

/** Draws bars in groups, from 0 where the axis has it. */
export function drawBars(picture: Bars, size: Size): Html {
  const { title, groups, series, y } = picture;
  const longest = Math.max(...groups.map((name) => name.length)) * CHARACTER;
  const values = series.flatMap((one) => [
    ...one.values,
    ...(one.low ?? []),
    ...(one.high ?? []),
    ...(y.log ? [] : [0]),
  ]);
  const flat = verticalAxis(size, { ...y, values }, 26);
  const slotOf = (left: number): number => (size.width - 10 - left) / groups.length;
  const isTurned = longest + 6 > slotOf(flat.left);
  const axis = isTurned
    ? verticalAxis(size, { ...y, values }, Math.min(size.height / 2.5, longest * 0.64 + 24))
    : flat;
  // Names that are turned begin to the left of the first bar.
  const left = isTurned
    ? Math.max(axis.left, Math.min(60, longest * 0.79 - slotOf(axis.left) / 2))
    : axis.left;
  const plot = { left, right: size.width - 10, top: axis.top, bottom: axis.bottom };
  const slot = slotOf(left);
  const width = (slot * 0.8) / series.length;
  const zero = axis.scale.at(0);
  const base = Number.isFinite(zero)
    ? Math.min(plot.bottom, Math.max(plot.top, zero))
    : plot.bottom;
  const drawn = series.map((one, i) =>
    groups.map((_, g) =>
      bar(
        axis.scale,
        base,
        [left + slot * (g + 0.1) + width * i, width - (series.length > 1 ? 1 : 0)],
        [one.values[g], one.low?.[g], one.high?.[g]],
        toneOf(i, series.length),
      ),
    ),
  );
  return svg(
    size,
    title,
    'bars',
    html`${verticalPart(plot, axis.scale, y.name)}${groups.map((name, g) =>
      labelOf(name, left + slot * (g + 0.5), plot.bottom, isTurned),
    )}${clipped(size, plot, drawn)}`,
  );
}
