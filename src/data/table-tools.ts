/**
 * The way to what handles tables. It comes with whatever makes or reads one, so that pages that train on images do not
 * load it.
 */
import { LanewiseError } from '../base/errors.js';
import type { Answer, Output } from './answers.js';
import type { EncodedRows } from './encode-rows.js';
import type { Samples } from './samples.js';
import type { TableFormat } from './table-format.js';

export interface TableTools {
  /** As `withColumnsOf`, for a table with other columns or with gaps. */
  match(samples: Samples, known: TableFormat, whose: string): Samples;
  /** The features of rows for the model's only input, of `size` values; undefined for anything but rows. */
  encode(
    table: TableFormat,
    given: unknown,
    inputs: readonly string[],
    size: number,
  ): EncodedRows | undefined;
  /** The answers for rows from the `scored` output and those of the model's others that predict targets. */
  answer(
    { table, classes }: Described,
    scored: Output,
    outputs: readonly string[],
    count: number,
    scoresOf: (output: string) => Promise<Output>,
  ): Promise<readonly Answer[]>;
}

/** What a model's description says of its rows. */
export interface Described {
  readonly table?: TableFormat;
  readonly classes?: readonly string[];
}

let tools: TableTools | undefined;

export const installTools = (given: TableTools): void => {
  tools = given;
};

/** @throws LanewiseError kind 'argument' for a table that neither csvDataset nor a file's reader has made. */
export function tableTools(): TableTools {
  if (tools) return tools;
  throw new LanewiseError(
    'argument',
    'a table is written by hand, and what handles tables is not loaded',
    'csvDataset, impute and decodeModel load it where they are called',
  );
}

/** The features of rows; undefined for anything else, also where what handles tables is not loaded. */
export const encodedRows = (
  { table }: Described,
  ...given: [given: unknown, inputs: readonly string[], size: number]
): EncodedRows | undefined => (table ? tools?.encode(table, ...given) : undefined);

function hasGap(values: ArrayLike<number>): boolean {
  if (values instanceof Float32Array)
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

/**
 * `samples` with the columns of `known` in their order, its categories in theirs, and missing values by its rules;
 * unchanged if columns have no names. `whose` names their owner: `the model`.
 * @throws LanewiseError kind 'data' naming the first column that is missing, unknown, of another type or without a rule for
 * its missing values, and the first unknown category.
 */
export function withColumnsOf(
  samples: Samples,
  known: TableFormat | undefined,
  whose: string,
): Samples {
  const { table: own, inputs, source } = samples;
  if (!known || !own || source) return samples;
  const isSame = own === known || JSON.stringify(own.columns) === JSON.stringify(known.columns);
  // Where columns are the same, only gaps are to be refused.
  if (isSame && !hasGap(Object.values(inputs)[0]!.values)) return samples;
  return tableTools().match(samples, known, whose);
}
