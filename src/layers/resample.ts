/** Resampling layers, in PyTorch's names: Upsample, PixelShuffle, PixelUnshuffle. */
import { LanewiseError, show } from '../errors.js';
import * as ops from '../ops/index.js';
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkOptions,
  checkPair,
  defineLayer,
  type Constructors,
  type Layer,
} from './layer.js';

/** A side of an image has fewer pixels. */
const MOST = 2 ** 24;

/** Settings of `upsample2d`. */
export interface Upsample2dOptions {
  /** Factor of the sides, one number or [vertical, horizontal]; sizes are rounded down. */
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
  checkOptions(kind, options, ['scale', 'size', 'mode', 'alignCorners']);
  const { scale, size, mode = 'nearest', alignCorners = false } = options;
  const refuse = (what: string) => new LanewiseError('argument', `${kind}: ${what}`);
  if ((scale === undefined) === (size === undefined)) {
    throw refuse('expected either a scale or a size');
  }
  const scales: readonly unknown[] = Array.isArray(scale)
    ? scale
    : [scale === undefined ? 1 : scale];
  const inRange = (s: unknown) => typeof s === 'number' && s > 0 && s <= MOST;
  if (scales.length < 1 || scales.length > 2 || !scales.every(inRange)) {
    throw refuse(
      `scale is ${scales.map(show).join(', ')}, expected one or two numbers above 0, at most ${MOST}`,
    );
  }
  checkChoice(kind, 'mode', mode, ['nearest', 'bilinear'] as const);
  if (checkBoolean(kind, 'alignCorners', alignCorners) && mode === 'nearest') {
    throw refuse('alignCorners is for mode bilinear, the mode is nearest');
  }
  const [vertical, horizontal = vertical] = scales as [number, number?];
  const extent =
    size === undefined
      ? { scale: [vertical, horizontal] as const }
      : { size: checkPair(kind, 'size', size, 1) };
  return defineLayer(kind, { ...options }, (_, x) =>
    ops.upsample2d(x!, { ...extent, mode, alignCorners }),
  );
}

/** N×(C·r²)×H×W to N×C×(H·r)×(W·r) (Shi et al. 2016). @throws LanewiseError kind 'argument' for an r below 1. */
export function pixelShuffle(r: number): Layer {
  checkInteger('pixelShuffle', 'r', r, 1);
  return defineLayer('pixelShuffle', { r }, (_, x) => ops.pixelShuffle(x!, r));
}

/** N×C×(H·r)×(W·r) to N×(C·r²)×H×W. @throws LanewiseError kind 'argument' for an r below 1. */
export function pixelUnshuffle(r: number): Layer {
  checkInteger('pixelUnshuffle', 'r', r, 1);
  return defineLayer('pixelUnshuffle', { r }, (_, x) => ops.pixelUnshuffle(x!, r));
}

export const resamplingLayers: Constructors = {
  pixelShuffle: ({ r }) => pixelShuffle(r),
  pixelUnshuffle: ({ r }) => pixelUnshuffle(r),
  upsample2d,
};
