/** PCA lighting (Krizhevsky, Sutskever and Hinton 2012, section 4.1): colours move along their principal axes. */
import { checkOptions, finite, listOf, notNegative, required } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import type { Dataset } from '../dataset.js';
import { checkDataset } from '../forms.js';
import { showShape } from '../../graph/tensor.js';
import { diagonal, matrixKind } from './color.js';
import { make } from './make.js';
import type { Transform } from './transform.js';

/** Principal axes of a data set's colours. */
export interface ColourAxes {
  /** Variances along the axes, the greatest first. */
  readonly values: readonly number[];
  /** The axes, unit vectors: one list of three for each value. */
  readonly vectors: readonly (readonly number[])[];
}

/** Axes of colour, and the size of shifts along them. */
export interface PcaLightingOptions extends ColourAxes {
  /** Deviation of the random coefficients of the axes. Default 0.1, the paper's. */
  readonly std?: number;
}

/** Adds Σ αᵢ·λᵢ·vᵢ to every pixel, αᵢ normal with deviation `std`. @throws LanewiseError kind 'argument' for a setting out of range. */
export function pcaLighting(options: PcaLightingOptions): Transform {
  const name = 'pcaLighting';
  checkOptions(name, options, {
    values: required(listOf(notNegative, 3, 3)),
    vectors: required(listOf(listOf(finite, 3, 3), 3, 3)),
    std: notNegative,
  });
  const { values, vectors, std = 0.1 } = options;
  return make(name, pcaLightingKind, { values, vectors, std });
}

export const pcaLightingKind = matrixKind<Required<PcaLightingOptions>>(
  true,
  ({ values, vectors, std }, _, draw) => {
    const shares = values.map((value) => std * draw.normal() * value);
    const terms = [0, 1, 2].map((c) =>
      shares.reduce((sum, share, i) => sum + share * vectors[i]![c]!, 0),
    );
    return diagonal([1, 1, 1], terms);
  },
  (_, shape) => {
    if (shape[0] === 3) return 3;
    throw new LanewiseError(
      'data',
      `pcaLighting of samples of ${showShape(shape)}, expected 3 channels`,
    );
  },
);

/**
 * The principal axes of the colours of a data set's pixels, v/255 for bytes, as `pcaLighting` takes them.
 * @throws LanewiseError kind 'data' unless it has three channels.
 */
export function colourAxes(data: Dataset): ColourAxes {
  const { name, shape, samples } = checkDataset(data);
  if (shape[0] !== 3) {
    throw new LanewiseError(
      'data',
      `the colours of '${name}' of ${showShape(shape)}, expected 3 channels`,
    );
  }
  const area = shape[1] * shape[2];
  const unit = samples instanceof Uint8Array ? 1 / 255 : 1;
  const pixels = samples.length / 3;
  const sums = new Float64Array(3);
  const products = new Float64Array(9);
  for (let start = 0; start < samples.length; start += 3 * area) {
    for (let e = start; e < start + area; e++) {
      for (let c = 0; c < 3; c++) {
        const v = samples[e + c * area]! * unit;
        sums[c]! += v;
        for (let d = 0; d <= c; d++) products[c * 3 + d]! += v * samples[e + d * area]! * unit;
      }
    }
  }
  const covariance = [0, 1, 2].map((c) =>
    [0, 1, 2].map((d) => {
      const product = products[Math.max(c, d) * 3 + Math.min(c, d)]!;
      return product / pixels - (sums[c]! / pixels) * (sums[d]! / pixels);
    }),
  );
  return symmetricAxes(covariance);
}

/** Jacobi sweeps, far more than are needed to clear the off-diagonal. */
const SWEEPS = 20;

/** Eigenvalues and eigenvectors of a symmetric 3×3 matrix by Jacobi's rotations. */
function symmetricAxes(matrix: readonly (readonly number[])[]): ColourAxes {
  const a = matrix.map((row) => [...row]);
  const axes = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      if (a[p]![q] === 0) continue;
      // The rotation's tangent t, the smaller root of t² + 2t·slope = 1.
      const slope = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
      const t = (slope < 0 ? -1 : 1) / (Math.abs(slope) + Math.sqrt(slope * slope + 1));
      const cosine = 1 / Math.sqrt(t * t + 1);
      const sine = t * cosine;
      for (const rows of [a, axes]) {
        for (let i = 0; i < 3; i++) {
          const [x, y] = [rows[p]![i]!, rows[q]![i]!];
          rows[p]![i] = cosine * x - sine * y;
          rows[q]![i] = sine * x + cosine * y;
        }
      }
      for (const row of a) {
        const [x, y] = [row[p]!, row[q]!];
        row[p] = cosine * x - sine * y;
        row[q] = sine * x + cosine * y;
      }
    }
  }
  const order = [0, 1, 2].toSorted((i, j) => a[j]![j]! - a[i]![i]!);
  return {
    values: order.map((i) => Math.max(0, a[i]![i]!)),
    vectors: order.map((i) => axes[i]!),
  };
}
