/**
 * A pen on 28×28 pixels, which turns strokes into smooth lines and lines into ink. It uses only + − × ÷ and square
 * roots, so the pixels are the same on every engine.
 */
import type { Stroke } from './templates.js';

export const SIZE = 28;

/** Straight pieces between two points of a stroke. */
const PIECES = 6;

/** A polyline with the pen's radius at each point, in pixels: x, y, radius in sequence. */
export type Line = readonly number[];

/** One coordinate of the Catmull–Rom curve (1974) from b to c, t of the way. */
function spline(a: number, b: number, c: number, d: number, t: number): number {
  const linear = (c - a) * t;
  const square = (2 * a - 5 * b + 4 * c - d) * t * t;
  const cube = (3 * b - a - 3 * c + d) * t * t * t;
  return b + (linear + square + cube) / 2;
}

/** The smooth curve through a stroke's points, as x, y in sequence. */
export function smooth(stroke: Stroke): number[] {
  const line: number[] = [];
  const last = stroke.length - 1;
  for (let i = 0; i < last; i++) {
    const [p0, p1] = [stroke[Math.max(0, i - 1)]!, stroke[i]!];
    const [p2, p3] = [stroke[i + 1]!, stroke[Math.min(i + 2, last)]!];
    for (let piece = 0; piece < PIECES; piece++) {
      const t = piece / PIECES;
      line.push(spline(p0[0], p1[0], p2[0], p3[0], t), spline(p0[1], p1[1], p2[1], p3[1], t));
    }
  }
  const [x, y] = stroke[last]!;
  line.push(x, y);
  return line;
}

/**
 * Ink on every pixel that a line passes: full within the radius, fading to none over `softness` pixels
 * around it; where lines cross, the darker one counts. Pixel centres are at whole numbers.
 */
export function drawLine(line: Line, softness: number, ink: Float64Array): void {
  for (let i = 0; i + 5 < line.length; i += 3) {
    const [x0, y0, r0] = [line[i]!, line[i + 1]!, line[i + 2]!];
    const [x1, y1, r1] = [line[i + 3]!, line[i + 4]!, line[i + 5]!];
    const reach = Math.max(r0, r1) + softness;
    const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
    const right = Math.min(SIZE - 1, Math.floor(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
    const bottom = Math.min(SIZE - 1, Math.floor(Math.max(y0, y1) + reach));
    const [dx, dy] = [x1 - x0, y1 - y0];
    const lengthSquared = dx * dx + dy * dy;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const along = ((x - x0) * dx + (y - y0) * dy) / Math.max(lengthSquared, 1e-9);
        const t = Math.min(1, Math.max(0, along));
        const [ex, ey] = [x - x0 - t * dx, y - y0 - t * dy];
        const distance = Math.sqrt(ex * ex + ey * ey);
        const radius = r0 + (r1 - r0) * t;
        const value = (radius + softness / 2 - distance) / softness;
        const at = y * SIZE + x;
        if (value > ink[at]!) ink[at] = Math.min(1, value);
      }
    }
  }
}
