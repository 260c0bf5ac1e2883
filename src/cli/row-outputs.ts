/** The outputs that a model needs for the targets of rows, and their losses. */
import type { IndexedDataset, Field, TensorDataset } from '../data/dataset.js';
import type { TargetFormat } from '../data/table-format.js';
import { LanewiseError } from '../base/errors.js';
import { widthOfSpread, type Spread } from '../base/spread.js';
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  gaussian,
  meanSquaredError,
  quantile,
  type Loss,
} from '../losses/index.js';

/** An output, and the targets that it predicts: several only if all of them are numbers. */
export interface RowOutput {
  /** Its name in the model, and that of its target in the data. */
  readonly name: string;
  readonly type: TargetFormat['type'];
  readonly targets: readonly TargetFormat[];
}

/** A table's rows with targets other than one class. */
export type TargetRows = TensorDataset & { readonly table: NonNullable<TensorDataset['table']> };

/** @throws LanewiseError kind 'argument' for data without the targets of a table. */
export function targetRows(data: IndexedDataset): TargetRows {
  if ('targets' in data && data.table?.targets) return data as TargetRows;
  throw new LanewiseError(
    'argument',
    `'${data.name}' has no named targets, which this kind of task predicts`,
  );
}

/** The outputs for the targets of rows: one for numbers or labels alone, else one a target. */
export function rowOutputs({ targets, table }: TargetRows): RowOutput[] {
  const known = table.targets!;
  return Object.keys(targets).map((name) => {
    const own = known.filter((target) => target.name === name);
    const of = own.length > 0 && Object.keys(targets).length > 1 ? own : known;
    return { name, type: of[0]!.type, targets: of };
  });
}

/** Number of values of an output that is compared with its target: classes, labels, or numbers. */
export const answersIn = ({ type, targets }: RowOutput): number =>
  type === 'number' ? targets.length : targets[0]!.classes!.length;

/** Number of a model's outputs for it. */
export const widthOfOutput = (output: RowOutput, spread: Spread | undefined): number =>
  answersIn(output) * (spread && output.type === 'number' ? widthOfSpread(spread) : 1);

/** Mean and deviation of each of a target's numbers, in double precision. */
export interface Scale {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** @throws LanewiseError kind 'data' for a target that does not vary. */
export function scaleOfTarget(data: string, { targets }: RowOutput, { values }: Field): Scale {
  const width = targets.length;
  const rows = values.length / width;
  const mean: number[] = [];
  const deviation: number[] = [];
  targets.forEach(({ name }, c) => {
    let sum = 0;
    for (let i = c; i < values.length; i += width) sum += values[i]!;
    const average = sum / rows;
    let squares = 0;
    for (let i = c; i < values.length; i += width) squares += (values[i]! - average) ** 2;
    if (squares === 0) {
      throw new LanewiseError(
        'data',
        `column '${name}' of data set '${data}' holds ${values[c]} in every row, and there is nothing to predict`,
        '--target names another column',
      );
    }
    mean.push(average);
    deviation.push(Math.sqrt(squares / rows));
  });
  return { mean, deviation };
}

/** The loss that trains an output; numbers are in units of their deviation. */
export function lossOfOutput(data: TargetRows, output: RowOutput, spread?: Spread): Loss {
  if (output.type === 'class') return crossEntropy();
  if (output.type === 'labels') return binaryCrossEntropyWithLogits();
  const { deviation } = scaleOfTarget(data.name, output, data.targets[output.name]!);
  const scale = deviation.length === 1 ? deviation[0]! : deviation;
  if (spread === undefined) return meanSquaredError({ scale });
  return 'quantiles' in spread
    ? quantile({ quantiles: spread.quantiles, scale })
    : gaussian({ level: spread.normal, scale });
}
