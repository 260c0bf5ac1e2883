/** Radial basis functions, the output layer of LeNet-5 (LeCun et al. 1998, §II.B, eq. 7). */
import { checkOptions, extent, flag } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import * as ops from '../ops/index.js';
import { fanInUniform, type Initializer } from './initializer.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

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

/** Settings of `rbf`. */
export interface RbfOptions {
  /** Initial centres, one row per class; default uniform in ±1. */
  readonly centres?: readonly (readonly number[])[];
  /** Whether centres are trained; default only those that are not given. */
  readonly trainable?: boolean;
}

/**
 * y[i, c] = Σ_f (x[i, f] − centres[c, f])², n×inFeatures to n×outFeatures: a penalty for each class, smallest for the
 * one with the nearest centre; train it with `mapCriterion`. The model file holds `centres` beside the parameters, or
 * among them if they are trained.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers in range, or other centres.
 */
export function rbf(inFeatures: number, outFeatures: number, options: RbfOptions = {}): Layer {
  checkOptions('rbf', options, { centres: true, trainable: flag });
  const { centres, trainable = centres === undefined } = options;
  extent('rbf', 'inFeatures', inFeatures);
  extent('rbf', 'outFeatures', outFeatures);
  const first: Initializer =
    centres !== undefined
      ? { kind: 'values', values: checkCentres(centres, inFeatures, outFeatures) }
      : fanInUniform(1);
  return defineLayer('rbf', { inFeatures, outFeatures, trainable }, (scope, x) => {
    const declare = trainable ? scope.parameter : scope.fixed;
    return ops.rbf(x!, declare('centres', [outFeatures, inFeatures], first));
  });
}

export const rbfLayers: Constructors = {
  rbf: ({ inFeatures, outFeatures, ...options }) => rbf(inFeatures, outFeatures, options),
};
