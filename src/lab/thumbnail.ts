/** A lab's picture as a small file of its own: SVG for charts, PNG for images. */
import { html } from '../base/html.js';
import { encodePng } from '../formats/encode-png.js';
import { VARIABLES } from './colours.js';
import { BOX_TONES, rgbOf } from './draw-images.js';
import { CHART_STYLE } from './frame.js';
import { drawChart, type Chart } from './lab-page.js';
import type { Box, ImageItem, Images, Picture } from './picture-data.js';

/** A file: how its name ends, and its bytes. */
export interface Thumbnail {
  readonly end: 'svg' | 'png';
  readonly bytes: Uint8Array;
}

const [WIDTH, HEIGHT] = [320, 230];
const GAP = 4;

function chartFile(picture: Chart): Thumbnail {
  const size = { width: WIDTH, height: HEIGHT, id: 'plot' };
  const drawn = drawChart(picture, size).html;
  const style = html`${{ html: `<style>${VARIABLES}${CHART_STYLE}</style>` }}`.html;
  const sized = drawn.replace(/<svg\s/, `<svg width="${WIDTH}" height="${HEIGHT}" `);
  const text = sized.replace(/(<svg[^>]*>)/, `$1${style}`).replace(/\s*\n\s*/g, ' ');
  return { end: 'svg', bytes: new TextEncoder().encode(text) };
}

/** An image of which blocks of `size` × `size` pixels have become their mean: the blocks that are whole. */
function shrunk(item: ImageItem, size: number): Uint8Array {
  const [, H, W] = item.shape as [number, number, number];
  const [height, width] = [Math.floor(H / size), Math.floor(W / size)];
  const all = rgbOf(item);
  if (size === 1) return all;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < rgb.length; i++) {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    let sum = 0;
    for (let v = 0; v < size; v++)
      for (let u = 0; u < size; u++) sum += all[((y * size + v) * W + x * size + u) * 3 + c]!;
    rgb[i] = Math.round(sum / (size * size));
  }
  return rgb;
}

/** The frames of an image's boxes, a pixel wide or two, over its pixels in four channels. */
function drawBoxes(pixels: Uint8Array, width: number, boxes: readonly Box[], scale: number): void {
  const height = pixels.length / 4 / width;
  const within = (value: number, size: number): number =>
    Math.max(0, Math.min(size - 1, Math.round(value * scale)));
  for (const [i, box] of boxes.entries()) {
    const [left, right] = [within(box.x0, width), within(box.x1, width)];
    const [top, bottom] = [within(box.y0, height), within(box.y1, height)];
    const tone = Number.parseInt(BOX_TONES[i % BOX_TONES.length]!.slice(1), 16);
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++)
        if (Math.min(x - left, right - x, y - top, bottom - y) < Math.min(2, scale))
          pixels.set([tone >> 16, (tone >> 8) & 255, tone & 255], (y * width + x) * 4);
  }
}

/** An image of which `block` pixels of a side have become one, and each of these `zoom`, with its boxes. */
function enlarged(item: ImageItem, block: number, zoom: number): Uint8Array {
  const [, H, W] = item.shape as [number, number, number];
  const [height, width] = [Math.floor(H / block), Math.floor(W / block)];
  const rgb = shrunk(item, block);
  const pixels = new Uint8Array(height * width * zoom * zoom * 4).fill(255);
  for (let y = 0; y < height * zoom; y++)
    for (let x = 0; x < width * zoom; x++) {
      const from = (Math.floor(y / zoom) * width + Math.floor(x / zoom)) * 3;
      pixels.set(rgb.subarray(from, from + 3), (y * width * zoom + x) * 4);
    }
  drawBoxes(pixels, width * zoom, item.boxes ?? [], zoom / block);
  return pixels;
}

/** As many images as fit at a whole zoom, in rows; large ones are made smaller. */
function imagesFile({ items, columns }: Images): Thumbnail {
  const [, H, W] = items[0]!.shape as [number, number, number];
  const same = items.filter(({ shape }) => shape[1] === H && shape[2] === W);
  const across = Math.min(columns ?? 5, same.length, 10);
  const block = Math.min(H, Math.ceil((W * across) / (1.5 * WIDTH)));
  const [height, width] = [Math.floor(H / block), Math.floor(W / block)];
  const zoom = Math.max(1, Math.min(12, Math.floor((WIDTH / across - GAP) / width)));
  const [w, h] = [width * zoom + GAP, height * zoom + GAP];
  const down = Math.max(
    1,
    Math.min(Math.ceil(same.length / across), Math.floor((HEIGHT + h / 2) / h)),
  );
  const [totalWidth, totalHeight] = [across * w - GAP, down * h - GAP];
  const pixels = new Uint8Array(totalWidth * totalHeight * 4);
  same.slice(0, across * down).forEach((item, i) => {
    const image = enlarged(item, block, zoom);
    const [left, top, row] = [(i % across) * w, Math.floor(i / across) * h, width * zoom * 4];
    for (let y = 0; y < height * zoom; y++)
      pixels.set(image.subarray(y * row, (y + 1) * row), ((top + y) * totalWidth + left) * 4);
  });
  return { end: 'png', bytes: encodePng(pixels, totalWidth, totalHeight, 4) };
}

/** The file of the first picture that is none of words; undefined if all of them are tables. */
export function thumbnailOf(pictures: readonly Picture[]): Thumbnail | undefined {
  const picture = pictures.find(({ kind }) => kind !== 'table');
  if (!picture || picture.kind === 'table') return undefined;
  return picture.kind === 'images' ? imagesFile(picture) : chartFile(picture);
}
