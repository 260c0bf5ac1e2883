/** The contact sheet: one picture made of many small ones. */
import type { ImageShape } from '../data/transforms/transform.js';

/** Images of one shape, floats from 0 to 1; values beyond are clipped. */
export interface SheetRow {
  readonly shape: ImageShape;
  readonly samples: Float32Array;
}

/** Pixels between two pictures, and the smallest edge of one: smaller pictures are enlarged. */
const GAP = 4;
const EDGE = 56;
const BACKGROUND = 60;

/** The PNG of `rows` of `columns` pictures each; the first row has a wider gap below it. */
export async function contactSheet(
  rows: readonly SheetRow[],
  columns: number,
): Promise<Uint8Array> {
  const { PNG } = await import('pngjs');
  const zooms = rows.map(({ shape }) =>
    Math.max(1, Math.floor(EDGE / Math.max(shape[1], shape[2]))),
  );
  const widths = rows.map(({ shape }, r) => shape[2] * zooms[r]! + GAP);
  const heights = rows.map(({ shape }, r) => shape[1] * zooms[r]! + GAP + (r === 0 ? GAP : 0));
  const width = GAP + Math.max(...widths) * columns;
  const height = GAP + heights.reduce((sum, value) => sum + value, 0);
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i++)
    png.data.set([BACKGROUND, BACKGROUND, BACKGROUND, 255], i * 4);
  let top = GAP;
  rows.forEach(({ shape, samples }, r) => {
    const [C, h, w] = shape;
    for (let n = 0; n < columns; n++) {
      const left = GAP + n * Math.max(...widths);
      for (let y = 0; y < h * zooms[r]!; y++) {
        for (let x = 0; x < w * zooms[r]!; x++) {
          const pixel = Math.floor(y / zooms[r]!) * w + Math.floor(x / zooms[r]!);
          for (let c = 0; c < 3; c++) {
            const value = samples[(n * C + (C < 3 ? 0 : c)) * h * w + pixel]!;
            png.data[((top + y) * width + left + x) * 4 + c] = byteOf(value);
          }
        }
      }
    }
    top += heights[r]!;
  });
  return PNG.sync.write(png);
}

const byteOf = (value: number): number => Math.max(0, Math.min(255, Math.round(value * 255)));
