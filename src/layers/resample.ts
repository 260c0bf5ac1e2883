/** Resampling layers, with PyTorch's names: Upsample, PixelShuffle, PixelUnshuffle. */
import {
  checkOptions,
  extent,
  flag,
  numberAbove,
  oneOf,
  oneOrTwo,
  pairOf,
  type Check,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import * as ops from '../ops/index.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/** A check of a factor, which is below the pixels of any image's side. */
const factor: Check = /* @__PURE__ */ numberAbove(0, 2 ** 24);

/** Settings of `upsample2d`. */
export interface Upsample2dOptions {
  /** Factor on the sides, one number or [vertical, horizontal]; sizes are rounded down. */
  readonly scale?: number | readonly [number, number];
  /** Sides of the result, in place of a factor. */
  readonly size?: number | readonly [number, number];
  /** `nearest` (default) or `bilinear`. */
  readonly mode?: 'nearest' | 'bilinear';
  /** Bilinear only: whether the corner pixels' centres stay the corners; default false. */
  readonly alignCorners?: boolean;
}

/**
 * Images resampled to `size` or by `scale`, PyTorch's Upsample.
 * @throws LanewiseError kind 'argument' unless one of scale and size is given, and in range.
 */
export function upsample2d(options: Upsample2dOptions): Layer {
  const kind = 'upsample2d';
  checkOptions(kind, options, {
    scale: oneOrTwo(factor),
    size: oneOrTwo(extent),
    mode: oneOf(['nearest', 'bilinear']),
    alignCorners: flag,
  });
  const { scale, size, mode = 'nearest', alignCorners = false } = options;
  const refuse = (what: string) => new LanewiseError('argument', `${kind}: ${what}`);
  if ((scale === undefined) === (size === undefined)) {
    throw refuse('expected either a scale or a size');
  }
  if (alignCorners && mode === 'nearest') {
    throw refuse('alignCorners is for mode bilinear, the mode is nearest');
  }
  const sides = size === undefined ? { scale: pairOf(scale!) } : { size: pairOf(size) };
  return defineLayer(kind, { ...options }, (_, x) =>
    ops.upsample2d(x!, { ...sides, mode, alignCorners }),
  );
}

/** N×(C·r²)×H×W to N×C×(H·r)×(W·r) (Shi et al. 2016). @throws LanewiseError kind 'argument' for an r below 1. */
export function pixelShuffle(r: number): Layer {
  extent('pixelShuffle', 'r', r);
  return defineLayer('pixelShuffle', { r }, (_, x) => ops.pixelShuffle(x!, r));
}

/** N×C×(H·r)×(W·r) to N×(C·r²)×H×W. @throws LanewiseError kind 'argument' for an r below 1. */
export function pixelUnshuffle(r: number): Layer {
  extent('pixelUnshuffle', 'r', r);
  return defineLayer('pixelUnshuffle', { r }, (_, x) => ops.pixelUnshuffle(x!, r));
}

export const resamplingLayers: Constructors = {
  pixelShuffle: ({ r }) => pixelShuffle(r),
  pixelUnshuffle: ({ r }) => pixelUnshuffle(r),
  upsample2d,
};
