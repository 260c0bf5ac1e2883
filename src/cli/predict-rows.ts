/**
 * The rows of a file for `predict`: it takes the columns that the model was trained on, by name, and needs no target. With
 * one, it says how good the predictions are.
 */
import { shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { withTargets, type Answer } from '../data/answers.js';
import type { TableFormat, TargetFormat } from '../data/table-format.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { meanError } from './row-errors.js';
import { createRowOutput, partOf, type RowOutput } from './row-predictions.js';
import type { PredictionOptions } from './prediction-output.js';
import { readerOf, readRows, type GivenRows } from './row-readers.js';
import { note } from './terminal.js';

/** Whether a model takes rows of a table, which `predict` reads from files of rows. */
export const takesRows = ({ table, samples }: TrainedModel): TrainedModel['table'] | undefined =>
  samples?.type === 'float32' ? table : undefined;

/** Rows that are scored together. */
const ROWS = 8192;

/** Predicts all rows of the files. @throws LanewiseError for other files, and naming rows and columns that do not fit. */
export async function predictRows(
  model: TrainedModel,
  table: TableFormat,
  paths: readonly string[],
  options: PredictionOptions,
): Promise<void> {
  for (const path of paths) readerOf(path, table);
  const { targets } = withTargets(model, [...model.model.outputs.keys()][0]!);
  const output = await createRowOutput(model, targets!, options);
  try {
    for (const path of paths) await predictFile(model, table, targets!, path, output);
    await output.finish();
  } finally {
    await output.abandon();
  }
}

async function predictFile(
  model: TrainedModel,
  table: TableFormat,
  targets: readonly TargetFormat[],
  path: string,
  output: RowOutput,
): Promise<void> {
  const rows = await readRows(path, table);
  noteUnused(rows, table, targets);
  const all: Answer[] = [];
  for (let from = 0; from < rows.count; from += ROWS) {
    const count = Math.min(ROWS, rows.count - from);
    const { answers } = await named(
      path,
      (row) => rows.place(from + row),
      () => model.predict(rows.part(from, count)),
    );
    await output.add(path, from + 1, answers!);
    all.push(...answers!);
  }
  for (const target of targets) {
    const found = meanError(
      target,
      all.map((answer) => partOf(answer, target, targets)),
      (row) => rows.cell(target.name, row),
    );
    if (found) output.score(path, found.line, found.record);
  }
}

function noteUnused(
  { names }: GivenRows,
  { columns }: TableFormat,
  targets: readonly TargetFormat[],
): void {
  const known = [...columns, ...targets].map(({ name }) => name);
  const more = names.filter((name) => !known.includes(name));
  if (more.length > 0)
    note(`not used, as the model was not trained on it: ${shorten(more.join(', '))}`);
}

/** Errors about a row name the file, and the row's place in it. */
async function named<T>(
  path: string,
  place: (row: number) => string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    const { kind, message, hint, cause } = error;
    const said = message.replace(
      /^(?:rows\[(\d+)\]|the rows have)/,
      (_, row: string | undefined) =>
        row === undefined ? `'${path}' has` : `'${path}' ${place(Number(row))}`,
    );
    throw new LanewiseError(kind, said, hint, { cause });
  }
}
