/** A report of predicted values: the usual figures of each column, and of all together. */
import { checkLists, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import {
  meanAbsoluteError,
  meanAbsolutePercentageError,
  medianAbsoluteError,
  r2Score,
  rootMeanSquaredError,
} from './value-metrics.js';

type Values = ArrayLike<number>;

/** Figures of one column of values, in its unit except for `r2` and `mape`. */
export interface ValueFigures {
  readonly name: string;
  readonly mae: number;
  readonly rmse: number;
  /** See `r2Score`. */
  readonly r2: number;
  readonly medianAe: number;
  /** Mean of y − t: above 0 if outputs are too high. */
  readonly bias: number;
  /** See `meanAbsolutePercentageError`; absent unless all targets are above 0. */
  readonly mape?: number;
  /** Rows. */
  readonly support: number;
}

/** Figures of each column, and the mean of their R². */
export interface RegressionReport {
  readonly columns: readonly ValueFigures[];
  readonly r2: number;
}

/**
 * The figures of each column of rows of values.
 * @param columns a name for each value of a row.
 * @throws LanewiseError kind 'argument' if the lists do not fit, or there are fewer than two rows.
 */
export function regressionReport(
  targets: Values,
  outputs: Values,
  columns: readonly string[] = ['value'],
): RegressionReport {
  const figure = 'regression report';
  checkLists(figure, { targets, outputs, columns });
  const width = columns.length;
  if (width === 0) refuse(figure, 'columns', columns, 'a name for each value of a row');
  if (targets.length !== outputs.length || targets.length % width !== 0) {
    throw new LanewiseError(
      'argument',
      `${figure}: ${targets.length} targets and ${outputs.length} outputs in rows of ${width}, expected equally many whole rows`,
    );
  }
  const of = (list: Values, c: number) =>
    Float64Array.from({ length: list.length / width }, (_, i) => list[i * width + c]!);
  const found = columns.map((name, c) => figuresOf(name, of(targets, c), of(outputs, c)));
  return { columns: found, r2: found.reduce((sum, { r2 }) => sum + r2, 0) / width };
}

function figuresOf(name: string, targets: Float64Array, outputs: Float64Array): ValueFigures {
  const difference = outputs.reduce((sum, output, i) => sum + (output - targets[i]!), 0);
  const r2 = r2Score(targets, outputs);
  return {
    name,
    mae: meanAbsoluteError(targets, outputs),
    rmse: rootMeanSquaredError(targets, outputs),
    r2,
    medianAe: medianAbsoluteError(targets, outputs),
    bias: difference / targets.length,
    ...(targets.every((t) => t > 0) ? { mape: meanAbsolutePercentageError(targets, outputs) } : {}),
    support: targets.length,
  };
}
