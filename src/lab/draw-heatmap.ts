/** Values over a plane as an image in SVG, with contours, paths, marks and the scale of its colours. */
import { html, type Html } from '../base/html.js';
import { pngAddress } from '../formats/encode-png.js';
import { colourAt, palettes, toneOf } from './colours.js';
import { contourOf } from './contours.js';
import { dots, placesOf } from './draw-curves.js';
import { CHARACTER, clipped, horizontalPart, px, svg, type Frame, type Size } from './frame.js';
import type { Extent, Heatmap } from './picture-data.js';
import { scaleOf, type Scale } from './axis-scale.js';

const BAR = 12;

/** Where the axis of values at `count` places begins and ends: half a step beyond the first and the last. */
function ends({ from, to }: Extent, count: number): { min: number; max: number } {
  const half = count > 1 ? (to - from) / (count - 1) / 2 : (to - from) / 2 || 0.5;
  const [a, b] = count > 1 ? [from - half, to + half] : [from, to === from ? from + 1 : to];
  return { min: Math.min(a, b), max: Math.max(a, b) };
}

/** The scale of the colours: 0 is its bottom, 1 its top. */
function coloursOf({ values, scale }: Heatmap): Scale {
  const most = scale.diverging ? largest(values) : undefined;
  const limits = most === undefined ? {} : { min: -most, max: most };
  return scaleOf(values, { log: scale.log, isTight: true, ...limits }, [0, 1], 5);
}

function largest(values: Heatmap['values']): number {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/** The values as pixels, the last row at the top; what has no colour is transparent. */
function imageOf({ rows, columns, values, x, y, scale }: Heatmap, colours: Scale): string {
  const pixels = new Uint8Array(rows * columns * 4);
  const palette = scale.diverging ? palettes.diverging : palettes.heat;
  for (let i = 0; i < rows * columns; i++) {
    const share = colours.at(values[i]!);
    if (!Number.isFinite(share)) continue;
    const [row, column] = [Math.floor(i / columns), i % columns];
    const at = (y.to >= y.from ? rows - 1 - row : row) * columns;
    const place = at + (x.to >= x.from ? column : columns - 1 - column);
    pixels.set([...colourAt(palette, share), 255], place * 4);
  }
  return pngAddress(pixels, columns, rows, 4);
}

function contoursPart({ x, y }: Frame, picture: Heatmap, colours: Scale): Html | undefined {
  const { rows, columns, values, contours = 0 } = picture;
  if (contours === 0) return undefined;
  const shares = Float64Array.from(values, (value) => colours.at(value));
  const across = (c: number): string =>
    px(x.at(picture.x.from + ((picture.x.to - picture.x.from) * c) / Math.max(1, columns - 1)));
  const up = (r: number): string =>
    px(y.at(picture.y.from + ((picture.y.to - picture.y.from) * r) / Math.max(1, rows - 1)));
  const path = Array.from({ length: contours }, (_, i) =>
    contourOf(shares, rows, columns, (i + 1) / (contours + 1))
      .map(([x0, y0, x1, y1]) => `M${across(x0)} ${up(y0)}L${across(x1)} ${up(y1)}`)
      .join(''),
  ).join('');
  return html`<path
    d="${path}"
    style="fill:none;stroke:#fff;stroke-opacity:.55;stroke-width:.8"
  />`;
}

/** Paths with a ring at their beginning and a dot at their end. */
const pathsPart = (frame: Frame, { paths = [], points = [] }: Heatmap): Html[] =>
  paths.map((one, i) => {
    const places = placesOf(frame, one);
    const path = places.map(([a, b], at) => `${at ? 'L' : 'M'}${px(a)} ${px(b)}`).join('');
    const [first, last] = [places[0], places.at(-1)];
    const tone = toneOf(points.length + i, points.length + paths.length);
    return html`<path
        class="curve"
        d="${path}"
        style="stroke:#fff;stroke-width:4;opacity:.85"
      /><path class="curve" d="${path}" style="stroke:${tone};stroke-width:2" />${
        first &&
        last &&
        html`<path class="dots" d="${dots([last])}" style="stroke:#fff;stroke-width:11" /><path
            class="dots"
            d="${dots([last])}"
            style="stroke:${tone};stroke-width:8"
          /><circle
            cx="${px(first[0])}"
            cy="${px(first[1])}"
            r="4"
            style="fill:#fff;stroke:${tone};stroke-width:2"
          />`
      }`;
  });

/** Dots with a white edge, which are seen on every colour. */
const pointsPart = (frame: Frame, { paths = [], points = [] }: Heatmap): Html[] =>
  points.map((one, i) => {
    const path = dots(placesOf(frame, one));
    const width = one.x.length > 400 ? 3.5 : 5.5;
    const tone = toneOf(i, points.length + paths.length);
    return html`<path
        class="dots"
        d="${path}"
        style="stroke:#fff;stroke-width:${width + 2.5}"
      /><path class="dots" d="${path}" style="stroke:${tone};stroke-width:${width}" />`;
  });

const marksPart = ({ x, y, plot }: Frame, { marks = [] }: Heatmap): Html[] =>
  marks.map((mark) => {
    const [a, b] = [x.at(mark.x), y.at(mark.y)];
    const isRight = a > (plot.left + plot.right) / 2;
    return html`<path
        d="M${px(a - 4)} ${px(b - 4)}l8 8m0-8l-8 8"
        style="stroke:#fff;stroke-width:4.5"
      /><path d="M${px(a - 4)} ${px(b - 4)}l8 8m0-8l-8 8" style="stroke:#111;stroke-width:2" /><text
        class="halo"
        x="${px(a + (isRight ? -8 : 8))}"
        y="${px(b < plot.top + 16 ? b + 14 : b - 5)}"
        text-anchor="${isRight ? 'end' : 'start'}"
        >${mark.name}</text
      >`;
  });

/** The colours with their values, at the picture's right edge. */
function barPart({ plot }: Frame, { scale }: Heatmap, colours: Scale, left: number): Html {
  const palette = scale.diverging ? palettes.diverging : palettes.heat;
  const steps = 64;
  const pixels = new Uint8Array(steps * 3);
  for (let i = 0; i < steps; i++) pixels.set(colourAt(palette, 1 - i / (steps - 1)), i * 3);
  const source = pngAddress(pixels, 1, steps, 3);
  const height = plot.bottom - plot.top;
  const up = (value: number): number => plot.bottom - colours.at(value) * height;
  return html`<image
      href="${source}"
      x="${px(left)}"
      y="${px(plot.top)}"
      width="${BAR}"
      height="${px(height)}"
      preserveAspectRatio="none"
    />${colours.ticks.map(
      ({ value, text }) =>
        html`<text x="${px(left + BAR + 4)}" y="${px(up(value) + 4)}">${text}</text>`,
    )}`;
}

/** Draws values over a plane. */
export function drawHeatmap(picture: Heatmap, size: Size): Html {
  const { title, x, y, rows, columns, scale } = picture;
  const colours = coloursOf(picture);
  const beside =
    BAR + 14 + Math.max(...colours.ticks.map(({ text }) => text.length), 1) * CHARACTER;
  const [top, bottom] = [26, size.height - 38];
  const up = scaleOf([], ends(y, rows), [bottom, top], (bottom - top) / 42);
  const left = Math.max(0, ...up.ticks.map(({ text }) => text.length)) * CHARACTER + 10;
  const plot = { left, right: size.width - beside, top, bottom };
  const across = scaleOf([], ends(x, columns), [left, plot.right], (plot.right - left) / 62);
  const frame: Frame = { size, plot, x: across, y: up };
  const isFine = rows > 40 && columns > 40;
  return svg(
    size,
    title,
    'heatmap',
    html`${horizontalPart(plot, across, x.name)}<text x="0" y="11" class="name">${y.name}</text
      ><text x="${size.width}" y="11" text-anchor="end" class="name">${scale.name}</text
      >${up.ticks.map(
        ({ value, text }) =>
          html`<text x="${px(left - 6)}" y="${px(up.at(value) + 4)}" text-anchor="end"
            >${text}</text
          >`,
      )}<image
        href="${imageOf(picture, colours)}"
        x="${px(left)}"
        y="${px(top)}"
        width="${px(plot.right - left)}"
        height="${px(bottom - top)}"
        preserveAspectRatio="none"
        style="image-rendering:${isFine ? 'auto' : 'pixelated'}"
      />${clipped(size, plot, [
        contoursPart(frame, picture, colours),
        pointsPart(frame, picture),
        pathsPart(frame, picture),
        marksPart(frame, picture),
      ])}${barPart(frame, picture, colours, plot.right + 8)}`,
  );
}
