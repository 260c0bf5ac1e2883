/** Elastic distortion (Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks"). */
import { exp } from '../../base/arithmetic.js';
import { checkOptions, finite, numberFrom, required } from '../../base/check.js';
import type { PartKind } from './kinds.js';
import { make } from './make.js';
import type { Transform } from './transform.js';

/** Strength and smoothness of the displacement. */
export interface ElasticOptions {
  /** Strength in pixels; the paper's for 29×29 digits is 34 with sigma 4. */
  readonly alpha: number;
  /** Standard deviation of the smoothing Gaussian, in pixels. */
  readonly sigma: number;
  /** The value where the image has no pixel, 0–1 for bytes. Default 0. */
  readonly fill?: number;
}

/**
 * Moves every pixel by a smooth random field: uniform noise in (−1, 1) for x and y, 0 outside of the image, is smoothed
 * by a Gaussian of sum 1, cut off at 3·sigma, and multiplied by alpha. Inside the image a displacement then has the
 * deviation alpha/(sigma·√(12π)) pixels: 1.4 for the paper's settings.
 * @throws LanewiseError kind 'argument' for a setting out of range.
 */
export function elastic(options: ElasticOptions): Transform {
  checkOptions('elastic', options, {
    alpha: required(numberFrom(0, 1e6)),
    sigma: required(numberFrom(0.1, 100)),
    fill: finite,
  });
  const { alpha, sigma, fill = 0 } = options;
  return make('elastic', elasticKind, { alpha, sigma, fill });
}

/** g(0) … g(radius) of a Gaussian whose values from −radius to radius have sum 1. */
export function gaussianWeights(sigma: number): Float32Array {
  const radius = Math.ceil(3 * sigma);
  const values = Float64Array.from({ length: radius + 1 }, (_, k) =>
    exp((-k * k) / (2 * sigma * sigma)),
  );
  const sum = values.reduce((total, value) => total + 2 * value, -1);
  return Float32Array.from(values, (value) => value / sum);
}

export const elasticKind: PartKind = {
  part({ settings }) {
    const { alpha, sigma, fill } = settings as unknown as Required<ElasticOptions>;
    return { fill, field: { alpha, weights: gaussianWeights(sigma) } };
  },
};
