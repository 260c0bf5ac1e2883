/** Radial basis functions, the output layer of LeNet-5 (LeCun et al. 1998, §II.B, eq. 7). */
import { LanewiseError } from '../errors.js';
import * as ops from '../ops/index.js';
import { fanInUniform } from './initializer.js';
import { checkInteger, defineLayer, type Constructors, type Layer } from './layer.js';

/** @throws LanewiseError kind 'argument' unless `centres` has outFeatures rows of inFeatures numbers. */
function checkCentres(centres: unknown, inFeatures: number, outFeatures: number): number[] {
  const rows = Array.isArray(centres) ? (centres as readonly unknown[]) : [];
  const isRow = (row: unknown): row is number[] =>
    Array.isArray(row) && row.length === inFeatures && row.every((v) => Number.isFinite(v));
  if (rows.length === outFeatures && rows.every(isRow)) return rows.flat();
  const row = rows.findIndex((one) => !isRow(one));
  const found = row >= 0 ? `a row ${row} that is not ${inFeatures} numbers` : `${rows.length} rows`;
  throw new LanewiseError(
    'argument',
    `rbf: centres has ${found}, expected ${outFeatures} rows of ${inFeatures}`,
  );
}

/**
 * y[i, c] = Σ_f (x[i, f] − centres[c, f])², n×inFeatures to n×outFeatures: a penalty for each class, the smallest
 * for the one whose centre is nearest; train it with `mapCriterion`. Given centres stay as they are and stand in
 * the model file with the layer's settings; without them they are the parameter `centres`, uniform in ±1 at
 * first.
 * @throws LanewiseError kind 'argument' for extents that are no whole numbers in range, or other centres.
 */
export function rbf(
  inFeatures: number,
  outFeatures: number,
  { centres }: { readonly centres?: readonly (readonly number[])[] } = {},
): Layer {
  checkInteger('rbf', 'inFeatures', inFeatures, 1);
  checkInteger('rbf', 'outFeatures', outFeatures, 1);
  const given = centres && checkCentres(centres, inFeatures, outFeatures);
  const settings = { inFeatures, outFeatures, ...(centres ? { centres } : {}) };
  const shape = [outFeatures, inFeatures];
  return defineLayer('rbf', settings, (scope, x) =>
    ops.rbf(
      x!,
      given
        ? ops.reshape(ops.literal(given), shape)
        : scope.parameter('centres', shape, fanInUniform(1)),
    ),
  );
}

export const rbfLayers: Constructors = {
  rbf: ({ inFeatures, outFeatures, ...options }) => rbf(inFeatures, outFeatures, options),
};
