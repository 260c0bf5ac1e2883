/** Images as PNG data in a page, with labels and boxes. */
import { html, type Html } from '../base/html.js';
import { pngAddress } from '../formats/encode-png.js';
import { colourAt, palettes } from './colours.js';
import type { Box, ImageItem, Images } from './picture-data.js';

/** The values that are black and white; for two colours, as far below 0 as above it. */
function rangeOf({ pixels, range, colours }: ImageItem): readonly [number, number] {
  if (range) return range as readonly [number, number];
  if (pixels instanceof Uint8Array) return [0, 255];
  let [low, high] = [Infinity, -Infinity];
  for (const value of pixels) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  if (colours === 'diverging') return [-most, most];
  return high > low ? [low, high] : [low, low + 1];
}

/** Red, green and blue of each pixel. */
export function rgbOf(item: ImageItem): Uint8Array {
  const { pixels, shape, colours = 'grey' } = item;
  const [C, H, W] = shape as [number, number, number];
  const [low, high] = rangeOf(item);
  const size = H * W;
  const rgb = new Uint8Array(size * 3);
  const share = (i: number): number => {
    const value = (pixels[i]! - low) / (high - low || 1);
    return Number.isFinite(value) ? Math.max(0, Math.min(1, value)) : 0;
  };
  for (let i = 0; i < size; i++) {
    const colour =
      C === 3
        ? [0, size, 2 * size].map((from) => Math.round(share(from + i) * 255))
        : colourAt(palettes[colours], share(i));
    rgb.set(colour, i * 3);
  }
  return rgb;
}

/** An image's PNG as an address. */
export function imageSource(item: ImageItem): string {
  const [, H, W] = item.shape as [number, number, number];
  return pngAddress(rgbOf(item), W, H, 3);
}

/** Pixels of the page a pixel of the image: about 80 of them across, or more where one a pixel were fewer. */
export const zoomOf = ({ zoom }: Images, W: number): number =>
  zoom ?? Math.max(W < 80 ? 2 : 1, Math.round(80 / W));

/** The colours of an image's boxes, in turn. */
export const BOX_TONES = ['#ffb000', '#39d0ff', '#ff5fa2', '#7dff6a'];

/** Boxes over an image, in its own pixels; lines keep their width. */
function boxesPart(boxes: readonly Box[], [, H, W]: readonly number[]): Html | undefined {
  if (boxes.length === 0) return undefined;
  return html`<svg class="boxes" viewBox="0 0 ${W!} ${H!}" preserveAspectRatio="none">
      ${boxes.map(
        ({ x0, y0, x1, y1 }, i) =>
          html`<rect
            x="${x0}"
            y="${y0}"
            width="${Math.max(0, x1 - x0)}"
            height="${Math.max(0, y1 - y0)}"
            vector-effect="non-scaling-stroke"
            style="fill:none;stroke:${BOX_TONES[i % BOX_TONES.length]!};stroke-width:2"
          />`,
      )}</svg
    >${boxes.map(
      ({ x0, y0, label }, i) =>
        label !== undefined &&
        html`<span
          class="tag"
          style="left:${((x0 / W!) * 100).toFixed(1)}%;top:${((y0 / H!) * 100).toFixed(1)}%;background:${
            BOX_TONES[i % BOX_TONES.length]!
          }"
          >${label}</span
        >`,
    )}`;
}

/** Images in rows: as many as `columns` says, or as fit; a narrow page makes them smaller. */
export function imagesPart(picture: Images): Html {
  const { items, columns } = picture;
  const widths = items.map(({ shape }) => shape[2]! * zoomOf(picture, shape[2]!));
  const widest = Math.max(...widths);
  const style =
    columns === undefined
      ? `grid-template-columns:repeat(auto-fill,minmax(min(100%,${widest}px),max-content))`
      : `grid-template-columns:repeat(${columns},minmax(0,${widest}px))`;
  return html`<ul class="images" style="${style}">
    ${items.map((item, i) => {
      const zoom = zoomOf(picture, item.shape[2]!);
      return html`<li style="max-width:${widths[i]!}px">
        <span class="image"
          ><img
            src="${imageSource(item)}"
            alt="${item.label ?? `${picture.title}, ${i + 1}`}"
            width="${widths[i]!}"
            height="${item.shape[1]! * zoom}"
            ${zoom > 1 && html`class="pixels"`}
          />${boxesPart(item.boxes ?? [], item.shape)}</span
        >${item.label !== undefined && html`<span class="label">${item.label}</span>`}
      </li>`;
    })}
  </ul>`;
}
