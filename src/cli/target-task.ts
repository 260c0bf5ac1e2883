/** The task of a table by what its target columns hold: one class, numbers, labels, or several of them. */
import { LanewiseError } from '../base/errors.js';
import { quote, shorten } from '../base/check.js';
import type { ColumnType } from '../data/csv-builders.js';
import type { Field, TensorDataset } from '../data/dataset.js';
import type { TargetFormat } from '../data/table-format.js';
import type { Spread } from '../base/spread.js';
import type { Task } from './task.js';

/** A target column as it was read. */
export interface TargetColumn {
  readonly name: string;
  /** Names of its classes; absent for numbers. */
  readonly classes?: readonly string[];
  readonly values: Field['values'];
  readonly unit?: string;
}

/** Tasks that options ask for. */
export const ASKED_TASKS = ['classes', 'values', 'labels'] as const;
export type AskedTask = (typeof ASKED_TASKS)[number];

/** What is asked for besides the columns. */
export interface Asked {
  readonly task?: AskedTask;
  /** How predictions of numbers describe their distribution. */
  readonly intervals?: Spread;
}

/** The targets of a table other than one class: the fields of a data set, and the task. */
export interface DecidedTargets extends Pick<TensorDataset, 'targets' | 'classes'> {
  readonly formats: readonly TargetFormat[];
  readonly task: Task;
}

/** What separates labels in a text. */
const SEPARATOR = '|';

/** From this many different whole numbers on it is said that they are taken for classes. */
const FEW = 3;

/**
 * The targets of a file; undefined for one class a row, with the reason if its numbers might have been meant as values.
 * @throws LanewiseError for columns that do not hold what is asked for.
 */
export function decideTargets(
  file: string,
  columns: readonly TargetColumn[],
  asked: Asked,
  isQuantity: (column: TargetColumn) => boolean,
): DecidedTargets | { readonly said?: string } {
  const [first] = columns as [TargetColumn];
  if (columns.length > 1) return severalTargets(file, columns, asked);
  if (first.classes) {
    if (asked.task === 'labels' || (!asked.task && areLists(first.classes)))
      return labelsOf(file, first, asked);
    return refuseIntervals(file, asked, `column '${first.name}' holds classes`) ?? {};
  }
  if (asked.task === 'labels') return labelColumns(file, columns);
  if (asked.task === 'values' || isQuantity(first))
    return valuesOf(
      columns,
      asked,
      asked.task
        ? undefined
        : `${first.name} holds numbers: regression; --task classes makes a class of each`,
    );
  refuseIntervals(file, asked, `the numbers of column '${first.name}' are taken for classes`);
  const different = new Set<number>(first.values).size;
  return different < FEW
    ? {}
    : {
        said: `${first.name} holds ${different} different whole numbers: classes; --task values predicts them as numbers`,
      };
}

const areLists = (classes: readonly string[]): boolean =>
  classes.some((text) => text.includes(SEPARATOR));

/** @throws LanewiseError kind 'argument' for intervals where no number is predicted. */
function refuseIntervals(file: string, { intervals }: Asked, why: string): undefined {
  if (!intervals) return undefined;
  throw new LanewiseError(
    'argument',
    `--intervals are of predicted numbers, and '${file}': ${why}`,
    'leave --intervals out, or say --task values',
  );
}

/** @throws LanewiseError kind 'argument' for intervals of a column with the name of one of their bounds. */
function refuseBoundsName(columns: readonly TargetColumn[]): void {
  const bound = columns.find(({ name }) => name === 'low' || name === 'high');
  if (bound)
    throw new LanewiseError(
      'argument',
      `--intervals have bounds 'low' and 'high' in answers, and column '${bound.name}' is to be predicted`,
      'give the column another name',
    );
}

const formatOf = ({ name, classes, unit }: TargetColumn): TargetFormat =>
  classes
    ? { name, type: 'class', classes }
    : { name, type: 'number', ...(unit === undefined ? {} : { unit }) };

function valuesOf(
  columns: readonly TargetColumn[],
  { intervals }: Asked,
  said: string | undefined,
): DecidedTargets {
  if (intervals) refuseBoundsName(columns);
  const rows = columns[0]!.values.length;
  const width = columns.length;
  const values = new Float32Array(rows * width);
  columns.forEach((column, c) => {
    for (let row = 0; row < rows; row++) values[row * width + c] = column.values[row]!;
  });
  return {
    targets: { output: { shape: [width], values } },
    formats: columns.map(formatOf),
    task: {
      kind: 'values',
      unit: 'rows',
      ...(said === undefined ? {} : { said }),
      ...(intervals ? { spread: intervals } : {}),
    },
  };
}

const labelsIn = (text: string): string[] =>
  text
    .split(SEPARATOR)
    .map((label) => label.trim())
    .filter((label) => label !== '');

/** Any number of labels a row, which a text lists. */
function labelsOf(
  file: string,
  { name, classes, values }: TargetColumn,
  asked: Asked,
): DecidedTargets {
  if (!areLists(classes!))
    throw new LanewiseError(
      'data',
      `'${file}': column '${name}' holds ${quote(classes![0])}, expected lists of labels such as sport${SEPARATOR}news`,
      `labels are separated by ${SEPARATOR}; --task classes makes a class of each text`,
    );
  const lists = classes!.map(labelsIn);
  const labels = [...new Set(lists.flat())].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  refuseIntervals(file, asked, `column '${name}' holds labels`);
  const example = classes!.find((text) => text.includes(SEPARATOR)) ?? classes![0]!;
  const said = `${name} holds lists such as ${quote(example)}: any number of labels a row; --task classes makes a class of each`;
  const more = asked.task ? {} : { said };
  return labelTargets(name, labels, values.length, (row) => lists[values[row]!]!, more);
}

/** Labels for rows as a target of 0 and 1. */
function labelTargets(
  name: string,
  labels: readonly string[],
  rows: number,
  labelsOfRow: (row: number) => readonly string[],
  more: Pick<Task, 'said'>,
): DecidedTargets {
  const places = new Map(labels.map((label, place) => [label, place]));
  const values = new Float32Array(rows * labels.length);
  for (let row = 0; row < rows; row++)
    for (const label of labelsOfRow(row)) values[row * labels.length + places.get(label)!] = 1;
  return {
    targets: { output: { shape: [labels.length], values } },
    formats: [{ name, type: 'labels', classes: labels }],
    task: { kind: 'labels', unit: 'rows', ...more },
  };
}

/** The name of the labels that several columns are. */
const LABELS = 'labels';

/** A label for each column of 0 and 1. @throws LanewiseError kind 'data' for other numbers. */
function labelColumns(
  file: string,
  columns: readonly TargetColumn[],
  said?: string,
): DecidedTargets {
  for (const { name, classes, values } of columns) {
    const at = classes ? 0 : values.findIndex((value) => value !== 0 && value !== 1);
    if (at < 0) continue;
    throw new LanewiseError(
      'data',
      `'${file}': column '${name}' holds ${classes ? quote(classes[0]) : values[at]}, expected 0 and 1, as a label has`,
      'a single column may hold lists of labels, such as sport|news',
    );
  }
  const names = columns.map(({ name }) => name);
  return labelTargets(
    columns.length === 1 ? names[0]! : LABELS,
    names,
    columns[0]!.values.length,
    (row) => names.filter((_, c) => columns[c]!.values[row] === 1),
    said === undefined ? {} : { said },
  );
}

function severalTargets(
  file: string,
  columns: readonly TargetColumn[],
  asked: Asked,
): DecidedTargets {
  const names = columns.map(({ name }) => name).join(', ');
  const areNumbers = columns.every(({ classes }) => !classes);
  const areBits =
    areNumbers && columns.every(({ values }) => values.every((v) => v === 0 || v === 1));
  if (asked.task === 'labels' || (!asked.task && areBits)) {
    refuseIntervals(file, asked, `${names} hold labels`);
    return labelColumns(
      file,
      columns,
      asked.task
        ? undefined
        : `${names} hold 0 and 1: labels, of which any number apply; --task values predicts numbers`,
    );
  }
  if (areNumbers)
    return valuesOf(columns, asked, asked.task ? undefined : `${names} hold numbers: regression`);
  return mixedTargets(columns, asked);
}

/** An output for each of several targets. */
function mixedTargets(columns: readonly TargetColumn[], asked: Asked): DecidedTargets {
  if (asked.intervals) refuseBoundsName(columns);
  const said = columns.map(({ name, classes }) => `${name} ${classes ? 'classes' : 'numbers'}`);
  return {
    targets: Object.fromEntries(
      columns.map(({ name, classes, values }) => [name, { shape: classes ? [] : [1], values }]),
    ),
    classes: Object.fromEntries(
      columns.flatMap(({ name, classes }) => (classes ? [[name, classes]] : [])),
    ),
    formats: columns.map(formatOf),
    task: {
      kind: 'several',
      unit: 'rows',
      said: `an output a target: ${said.join(', ')}`,
      ...(asked.intervals ? { spread: asked.intervals } : {}),
    },
  };
}

/** Names in a text, separated by commas. */
export const namesIn = (text: string): string[] => text.split(',').map((name) => name.trim());

/** A name, or a place as a number. */
export const placeOf = (target: string): string | number =>
  /^-?\d+$/.test(target) ? Number(target) : target;

/** A way in which a file may hold a model's targets: its columns in the order of the model, and their types. */
export interface TargetColumns {
  readonly names: readonly (string | number)[];
  readonly types: Readonly<Record<string, ColumnType>>;
}

/**
 * The columns of a file that hold a model's targets, the ways in which they may be written in turn; `asked` names them
 * where they are not the model's own, or are in another order.
 */
export function columnsFor(
  wanted: readonly TargetFormat[],
  asked: string | undefined,
): TargetColumns[] {
  const [{ name, type, classes }] = wanted as [TargetFormat];
  const of = (names: readonly (string | number)[], kinds: readonly ColumnType[]) => ({
    names,
    types: Object.fromEntries(
      names.flatMap((one, i) => (typeof one === 'string' ? [[one, kinds[i] ?? 'number']] : [])),
    ),
  });
  if (type === 'labels') {
    const asBits = (names: readonly (string | number)[]) => of(names, []);
    const list = of([placeOf(asked ?? name)], ['class']);
    const split = asked === undefined ? classes! : inOrder(asked, classes!);
    return split.length > 1 || asked === undefined ? [list, asBits(split)] : [list];
  }
  const kinds = wanted.map((target) => target.classes ?? 'number');
  if (asked === undefined)
    return [
      of(
        wanted.map((target) => target.name),
        kinds,
      ),
    ];
  if (wanted.length === 1) return [of([placeOf(asked)], kinds)];
  const own = wanted.map((target) => target.name);
  return [of(inOrder(asked, own), kinds)];
}

/** The columns of a text, in the order of the model's own names if they are the same. */
function inOrder(asked: string, own: readonly string[]): readonly (string | number)[] {
  const names = namesIn(asked);
  const isSame =
    asked === own.join(',') ||
    (names.length === own.length && own.every((name) => names.includes(name)));
  return isSame ? own : names.map(placeOf);
}

/** A model's targets in another file. @throws LanewiseError kind 'data' for labels that the model does not know. */
export function knownTargets(
  file: string,
  wanted: readonly TargetFormat[],
  columns: readonly TargetColumn[],
): DecidedTargets {
  const [first] = wanted as [TargetFormat];
  if (first.type === 'labels') {
    const { classes } = columns[0]!;
    const known = first.classes!;
    checkCount(file, known, columns, classes ? 1 : known.length);
    if (!classes) {
      const named = columns.map((column, i) => ({ ...column, name: known[i]! }));
      return { ...labelColumns(file, named), formats: wanted };
    }
    const lists = classes.map(labelsIn);
    const unknown = lists.flat().find((label) => !known.includes(label));
    if (unknown !== undefined)
      throw new LanewiseError(
        'data',
        `'${file}': column '${columns[0]!.name}' has label ${quote(unknown)}, and the model knows ${shorten(known.join(', '))}`,
      );
    const { values } = columns[0]!;
    return labelTargets(first.name, known, values.length, (row) => lists[values[row]!]!, {});
  }
  const names = wanted.map(({ name }) => name);
  checkCount(file, names, columns, names.length);
  const named = columns.map((column, i) => ({ ...column, name: names[i]! }));
  const decided = wanted.every(({ type }) => type === 'number')
    ? valuesOf(named, {}, undefined)
    : mixedTargets(named, {});
  return { ...decided, formats: wanted };
}

/** @throws LanewiseError kind 'argument' for more or fewer columns than a model has targets. */
function checkCount(
  file: string,
  known: readonly string[],
  columns: readonly TargetColumn[],
  count: number,
): void {
  if (columns.length === count) return;
  const names = columns.map(({ name }) => name).join(', ');
  throw new LanewiseError(
    'argument',
    `'${file}': the targets are ${shorten(names)}, and the model predicts ${shorten(known.join(', '))}`,
    'leave --target out if the columns have these names',
  );
}
