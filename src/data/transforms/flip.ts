/** Random mirroring of an image, horizontal or vertical. */
import { probability } from './check-transforms.js';
import { make } from './make.js';
import type { ImageShape, Kind, Transform } from './transform.js';

/** Left to right, with probability `p`. @throws LanewiseError kind 'argument' unless p is from 0 to 1. */
export const randomHorizontalFlip = (p = 0.5): Transform =>
  flip('randomHorizontalFlip', horizontalFlipKind, p);

/** Top to bottom, with probability `p`. @throws LanewiseError kind 'argument' unless p is from 0 to 1. */
export const randomVerticalFlip = (p = 0.5): Transform =>
  flip('randomVerticalFlip', verticalFlipKind, p);

interface FlipSettings {
  readonly p: number;
}

function flip(name: string, kind: Kind<FlipSettings>, p: number): Transform {
  probability(name, 'p', p);
  return make(name, kind, { p });
}

/* @__NO_SIDE_EFFECTS__ */
const flipKind = (across: number, down: number): Kind<FlipSettings> => ({
  keepsPixels: true,
  shape: (_, shape) => shape,
  scratch: () => 0,
  prepare({ p }, [C, h, w]: ImageShape, { kernels }, stream) {
    return (from, to, draw) => {
      draw.begin(stream);
      if (draw.uniform() >= p) return from;
      kernels.flipPlanes(C, h, w, from, across, down, to);
      return to;
    };
  },
});

export const horizontalFlipKind = flipKind(1, 0);
export const verticalFlipKind = flipKind(0, 1);
