/** Elastic distortion in doubles, a loop a sum, as its definition reads. */
import { philox } from '../../src/random/philox.js';
import type { Place } from '../../src/data/transforms/draw.js';
import { pixelStream } from '../../src/data/transforms/draw.js';

/** Displacements [x, y] of every pixel. */
export function elasticDisplacements(
  h: number,
  w: number,
  alpha: number,
  sigma: number,
  { key0, key1, step, place }: Place,
  stream: number,
): [Float64Array, Float64Array] {
  const words = new Uint32Array(4);
  const halves = new Uint16Array(words.buffer);
  let block = 0;
  const noise = [0, 1].map(() => {
    const field = new Float64Array(h * w);
    for (let i = 0; i < h; i++) {
      for (let j = 0; j < w; j++) {
        if (j % 8 === 0) philox(block++, place, step, pixelStream(stream), key0, key1, words);
        field[i * w + j] = (2 * halves[j % 8]! + 1) / 65_536 - 1;
      }
    }
    return field;
  });
  const radius = Math.ceil(3 * sigma);
  const g = (k: number) => Math.exp((-k * k) / (2 * sigma * sigma));
  let sum = 0;
  for (let k = -radius; k <= radius; k++) sum += g(k);
  return noise.map((field) => {
    const smooth = new Float64Array(h * w);
    for (let i = 0; i < h; i++) {
      for (let j = 0; j < w; j++) {
        for (let y = Math.max(0, i - radius); y <= Math.min(h - 1, i + radius); y++) {
          for (let x = Math.max(0, j - radius); x <= Math.min(w - 1, j + radius); x++)
            smooth[i * w + j]! += (alpha * g(y - i) * g(x - j) * field[y * w + x]!) / (sum * sum);
        }
      }
    }
    return smooth;
  }) as [Float64Array, Float64Array];
}

/** C×h×w values at a place, bilinear, `fill` outside. */
export function sampleAt(
  values: ArrayLike<number>,
  [, h, w]: readonly [number, number, number],
  c: number,
  x: number,
  y: number,
  fill: number,
): number {
  const pixel = (i: number, j: number) =>
    i < 0 || i >= h || j < 0 || j >= w ? fill : values[(c * h + i) * w + j]!;
  const [i, j] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - i, x - j];
  const row = (r: number) => pixel(r, j) * (1 - right) + pixel(r, j + 1) * right;
  return row(i) * (1 - down) + row(i + 1) * down;
}
