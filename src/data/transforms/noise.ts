/** Gaussian noise at every pixel. */
import { notNegative } from '../../base/check.js';
import { pixelStream } from './draw.js';
import { make } from './make.js';
import type { Kind, Transform } from './transform.js';

/** Adds normal noise of deviation `std` to every value. @throws LanewiseError kind 'argument' unless std is at least 0. */
export function gaussianNoise(std: number): Transform {
  notNegative('gaussianNoise', 'std', std);
  return make('gaussianNoise', gaussianNoiseKind, { std });
}

export const gaussianNoiseKind: Kind<{ readonly std: number }> = {
  keepsPixels: true,
  shape: (_, shape) => shape,
  scratch: () => 0,
  prepare({ std }, [C, h, w], { kernels }, stream) {
    const last = pixelStream(stream);
    return (from, _, { at: { key0, key1, place, step } }) => {
      kernels.addNoise(C * h * w, from, std, key0, key1, place, step, last, from);
      return from;
    };
  },
};
