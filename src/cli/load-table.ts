/** The tables of the command line: rows of features with one or several targets, or images whose pixels are columns. */
import { quote, shorten } from '../base/check.js';
import {
  readDataset,
  type CsvDatasetOptions,
  type CsvImageOptions,
  type TableDataset,
} from '../data/csv-dataset.js';
import type { Dataset, IndexedDataset, TensorDataset } from '../data/dataset.js';
import type { TableSource } from '../data/csv-table.js';
import type { TableFormat } from '../data/table-format.js';
import { LanewiseError } from '../base/errors.js';
import type { DataRequest } from './data-sources.js';
import {
  areQuantities,
  columnsOf,
  countingColumns,
  isRowShape,
  numbersAsClasses,
  optionWords,
  type Labels,
} from './tables.js';
import {
  columnsFor,
  decideTargets,
  knownTargets,
  namesIn,
  placeOf,
  type DecidedTargets,
  type TargetColumn,
} from './target-task.js';
import { columnOfRule } from './split-rule.js';
import type { Task } from './task.js';
import { isJsonLines, recordsOf } from './texts-source.js';
import { formatCount, note } from './terminal.js';

/** A table's rows, and their task; absent for classes of which nothing need be said. */
export interface LoadedTable {
  readonly data: IndexedDataset;
  readonly task?: Task;
}

/** Reads a file of rows as `csvDataset` does. */
export type TableReader = (
  path: string,
  options: CsvDatasetOptions | CsvImageOptions,
  roles: Parameters<typeof readDataset>[2],
) => Promise<Dataset | TableDataset>;

/** How rows are read: dates become features, and rows without a target are left out. */
const ROLES = {
  words: optionWords,
  asDates: true,
  untold: (rows: number) =>
    note(
      `${formatCount(rows)} ${rows === 1 ? 'row has' : 'rows have'} no target and ${rows === 1 ? 'is' : 'are'} left out`,
    ),
};

/**
 * @throws LanewiseError as `csvDataset` does, and kind 'data' for targets that do not hold what is asked for, and for
 * columns and categories on which the model that the request names was not trained. The column by which the request splits
 * is told in `keys`, row by row; `read` reads the file.
 */
export async function loadTable(
  path: string,
  request: DataRequest,
  keys?: string[],
  read: TableReader = readText,
): Promise<LoadedTable> {
  const { shape, type = 'uint8', header, missing, known, task, intervals } = request;
  const key = columnOfRule(request.split);
  const columns = withoutKey(request.columns, key);
  const table = known?.table;
  const options = {
    header,
    columns,
    missing,
    delimiter: /\.tsv$/i.test(path) ? '\t' : undefined,
  };
  const add = (text: string) => void keys?.push(text);
  const reading = key !== undefined && keys ? { key: { column: key, add } } : {};
  if (shape && !(type === 'float32' && isRowShape(shape))) {
    const target = placeOf(request.target ?? table?.targets?.[0]?.name ?? '-1');
    const values = type === 'uint8' ? 'bytes' : 'floats';
    const how = { ...options, target, shape, values } as const;
    return { data: (await read(path, how, reading)) as Dataset };
  }
  const rowOptions = { ...options, missing: missing ?? ('keep' as const) };
  if (table) return loadAs(path, rowOptions, request, table, read);
  const ignored = (column: string, { message, hint }: LanewiseError) =>
    note(
      `column '${column}' is left out: ${message.replace(/^.*?: /, '')}; ${hint?.replace(/^.*?, /, '')}`,
    );
  const types = { classes: 'class', values: 'number', labels: undefined } as const;
  const readAs = (given: DataRequest['columns'], heard = {}) =>
    withTargets(request.target ?? '-1', (target) => {
      const isList = task === 'labels' && target.length === 1;
      const targetType = isList ? 'class' : task && types[task];
      return read(
        path,
        { ...rowOptions, columns: given, target },
        { ...ROLES, ignored, ...heard, ...reading, ...(targetType ? { targetType } : {}) },
      ) as Promise<TableDataset>;
    });
  const rows = await withoutCounts(await readAs(columns), columns, async (fewer) => {
    if (keys) keys.length = 0;
    return readAs(fewer, { ignored() {}, untold() {} });
  });
  noteDates(rows.table, columns);
  const targets = targetColumns(rows);
  const asked = { ...(task ? { task } : {}), ...(intervals ? { intervals } : {}) };
  const decided = decideTargets(path, targets, asked, ({ values }) => areQuantities(values));
  if ('targets' in decided) return asTargets(rows, decided, shape);
  const data = asClasses(rows, classesOf(rows.name, targets[0]!), shape);
  const { said } = decided;
  return said === undefined ? { data } : { data, task: { kind: 'classes', unit: 'rows', said } };
}

/** The column by which rows are divided is no feature, unless it is asked for: it would tell the parts apart. */
const withoutKey = (
  columns: DataRequest['columns'],
  key: string | undefined,
): DataRequest['columns'] => (key === undefined ? columns : { [key]: 'ignore', ...columns });

/** The rows without columns that count them, unless these are asked for or all there is. */
async function withoutCounts(
  rows: TableDataset,
  told: DataRequest['columns'] = {},
  readAgain: (columns: DataRequest['columns']) => Promise<TableDataset>,
): Promise<TableDataset> {
  const found = countingColumns(rows).filter((name) => !Object.hasOwn(told, name));
  if (found.length === 0 || found.length === rows.table.columns.length) return rows;
  for (const name of found)
    note(
      `column ${quote(name)} is left out: it counts the rows; ${optionWords.column(name, 'number')} keeps it`,
    );
  return readAgain({ ...told, ...Object.fromEntries(found.map((name) => [name, 'ignore'])) });
}

/** Says which columns were found to hold dates. */
function noteDates({ columns }: TableFormat, told: DataRequest['columns'] = {}): void {
  const found = columns.filter(({ name, type }) => type === 'date' && !Object.hasOwn(told, name));
  for (const { name, parts } of found)
    note(
      `column '${name}' holds dates, which become features: ${parts!.join(', ')}; ${optionWords.column(name, 'ignore')} leaves it out`,
    );
}

/** The table of a file, with the columns and targets of another one. */
async function loadAs(
  path: string,
  options: Omit<CsvDatasetOptions, 'target'>,
  { shape, known, target: asked }: DataRequest,
  table: TableFormat,
  readFile: TableReader,
): Promise<LoadedTable> {
  const { classes } = known!;
  const wanted = table.targets ?? [];
  const read = (target: readonly (string | number)[], types: CsvDatasetOptions['columns']) =>
    readFile(
      path,
      { ...options, target, columns: { ...columnsOf(table), ...types } },
      {
        ...ROLES,
        known: table,
        unused(names) {
          const more = names.filter((name) => options.columns?.[name] !== 'ignore');
          if (more.length > 0)
            note(`not used, as the model was not trained on it: ${shorten(more.join(', '))}`);
        },
        ...(areNames ? { targetType: classes! } : {}),
      },
    ) as Promise<TableDataset>;
  // If the target's values were numbers, they are read as numbers again: `1` and `1.0` are one class.
  const isOfClasses = wanted.length === 0 || (wanted.length === 1 && wanted[0]!.type === 'class');
  const areNames =
    isOfClasses && (classes?.some((name) => !Number.isFinite(Number(name))) ?? false);
  if (isOfClasses) {
    const rows = await read([placeOf(asked ?? wanted[0]?.name ?? '-1')], {});
    const [column] = targetColumns(rows);
    return {
      data: asClasses(rows, classesOf(rows.name, column!, areNames ? undefined : classes), shape),
    };
  }
  const rows = await attempt(columnsFor(wanted, asked), ({ names, types }) => read(names, types));
  return asTargets(rows, knownTargets(path, wanted, targetColumns(rows)), shape);
}

/** The source of a table: a CSV file, or JSON lines as its records. */
const tableAt = (path: string): TableSource =>
  isJsonLines(path) ? { name: path, records: recordsOf(path) } : path;

const readText: TableReader = (path, options, roles) => readDataset(tableAt(path), options, roles);

/** Reads the columns that `target` names: the one of this name or place or, of a text with commas, each of its parts. */
async function withTargets<T>(
  target: string,
  read: (target: readonly (string | number)[]) => Promise<T>,
): Promise<T> {
  const whole = [placeOf(target)];
  return target.includes(',') ? attempt([whole, namesIn(target).map(placeOf)], read) : read(whole);
}

/** The first of some ways that does not lead to a column that does not exist. */
async function attempt<Way, T>(ways: readonly Way[], read: (way: Way) => Promise<T>): Promise<T> {
  const [way, ...others] = ways as [Way, ...Way[]];
  if (others.length === 0) return read(way);
  try {
    return await read(way);
  } catch (error) {
    if (error instanceof LanewiseError && / has no column /.test(error.message))
      return attempt(others, read);
    throw error;
  }
}

function targetColumns({ table, targets, classes }: TableDataset): TargetColumn[] {
  const named = (classes ?? {}) as Readonly<Record<string, readonly string[]>>;
  return table.targets!.map(({ name, unit }) => ({
    name,
    values: targets[name]!.values,
    ...(Object.hasOwn(named, name) ? { classes: named[name]! } : {}),
    ...(unit === undefined ? {} : { unit }),
  }));
}

/** The target's classes; for numbers these are the given ones, or all that occur. */
const classesOf = (
  file: string,
  { name, classes, values }: TargetColumn,
  given?: readonly string[],
): Labels =>
  classes ? { classes, labels: values as Int32Array } : numbersAsClasses(file, values, name, given);

/** The shape of rows: one place, or one channel in models of earlier versions, whose features gaps may make more. */
const shapeOfRows = (features: number, known: Dataset['shape'] | undefined): Dataset['shape'] =>
  known?.[0] === 1 && known[2] > 1 ? [1, 1, features] : [features, 1, 1];

/** Features as images of one pixel, which dense nets take. */
function asClasses(
  { name, features, inputs, table }: TableDataset,
  labels: Labels,
  known?: Dataset['shape'],
): Dataset {
  const shape = shapeOfRows(features.length, known);
  const samples = inputs['input']!.values as Float32Array;
  const targets = [
    { name: table.targets![0]!.name, type: 'class', classes: labels.classes } as const,
  ];
  return { name, shape, samples, ...labels, table: { ...table, targets } };
}

/** Rows with other targets than one class. */
function asTargets(
  { name, features, inputs, table }: TableDataset,
  { targets, classes, formats, task }: DecidedTargets,
  known?: Dataset['shape'],
): LoadedTable {
  const shape = shapeOfRows(features.length, known);
  const { values } = inputs['input']!;
  const data: TensorDataset = {
    name,
    inputs: { input: { shape, values } },
    targets,
    ...(classes && Object.keys(classes).length > 0 ? { classes } : {}),
    table: { ...table, targets: formats },
  };
  return { data, task };
}
