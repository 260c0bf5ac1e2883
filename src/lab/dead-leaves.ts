/** Pictures for labs that learn from photographs, where there are none. */
import { numberAbove, refuse, wholeFrom } from '../base/check.js';
import type { RandomNumbers } from './random-numbers.js';

/**
 * A grey picture of size×size bytes of discs that lie on each other, as leaves on the ground: edges, plain areas and sizes
 * of things as in photographs (Lee, Mumford & Huang 2001, "Occlusion models for natural images"). Radii r from `least`
 * pixels (default 2) to 20 times as many have a density of 1/r³; each disc has a grey value and a slope of its own. Edges
 * are smooth. Only exact arithmetic is used, so that every engine draws the same bytes.
 * @throws LanewiseError kind 'argument' for another `random` than `randomNumbers` gives, a size that is not from 1 to 8192, and radii that
 * are not above 0.
 */
export function deadLeaves(random: RandomNumbers, size: number, least = 2): Uint8Array {
  if (typeof random?.next !== 'function' || typeof random.below !== 'function')
    refuse('deadLeaves', 'random', random, 'what randomNumbers gives');
  wholeFrom(1, 8192)('deadLeaves', 'size', size);
  numberAbove(0)('deadLeaves', 'least', least);
  // Drawn at twice the size, from the front to the back, until all is covered.
  const side = 2 * size;
  const fine = new Int16Array(side * side).fill(-1);
  for (let left = fine.length; left > 0;) left -= drawLeaf(random, fine, side, 2 * least);
  const picture = new Uint8Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = 2 * y * side + 2 * x;
      const sum = fine[at]! + fine[at + 1]! + fine[at + side]! + fine[at + side + 1]!;
      picture[y * size + x] = (sum + 2) >> 2;
    }
  return picture;
}

/** Draws a disc behind all others; returns how many pixels of it can be seen. */
function drawLeaf(random: RandomNumbers, fine: Int16Array, side: number, least: number): number {
  const radius = least / Math.sqrt(1 - 0.9975 * random.next());
  const [cx, cy] = [random.below(side), random.below(side)];
  const [grey, slope] = [random.below(256), random.next() - 0.5];
  let seen = 0;
  const last = Math.min(side - 1, Math.floor(cy + radius));
  for (let y = Math.max(0, Math.ceil(cy - radius)); y <= last; y++) {
    const half = Math.sqrt(radius * radius - (y - cy) * (y - cy));
    const to = Math.min(side - 1, Math.floor(cx + half));
    for (let x = Math.max(0, Math.ceil(cx - half)); x <= to; x++) {
      const at = y * side + x;
      if (fine[at]! >= 0) continue;
      fine[at] = Math.max(0, Math.min(255, Math.round(grey + slope * (x - cx))));
      seen++;
    }
  }
  return seen;
}
