/** Tables matched with each other or with a model, columns and categories by name. */
import { quote, shorten } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { Field } from './dataset.js';
import { namesOfPart, widthOfPart } from './dates.js';
import type { Samples } from './samples.js';
import type { ColumnFormat, TableFormat } from './table-format.js';
import { widthOf, widthOfTable, writeMissing } from './write-cell.js';

/** The names of all features: `width`, `colour=red`, `sold: cos of year`, `width is missing`. */
export const featureNames = ({ columns }: TableFormat): string[] =>
  columns.flatMap(({ name, classes, parts, flag }) => [
    ...(classes?.map((one) => (one === '' ? `${name} is missing` : `${name}=${one}`)) ??
      parts?.flatMap((part) => namesOfPart(part).map((one) => `${name}: ${one}`)) ?? [name]),
    ...(flag ? [`${name} is missing`] : []),
  ]);

/** As `withColumnsOf`, for a table with other columns or with gaps. */
export function match(samples: Samples, known: TableFormat, whose: string): Samples {
  const { name, inputs, features } = samples;
  const own = samples.table!;
  const [key, field] = Object.entries(inputs)[0]!;
  const writers = writersOf(name, own, known, whose);
  const width = widthOfTable(known);
  const input: Field = {
    ...field,
    shape: rowShape(field.shape, width),
    values: rewritten(field.values, widthOfTable(own), width, writers),
  };
  return {
    ...samples,
    table: { ...own, columns: known.columns },
    inputs: { ...inputs, [key]: input },
    ...(features ? { features: featureNames(known) } : {}),
  };
}

/** The shape of rows of `width` features; images of one row or one place stay images. */
function rowShape(shape: Shape, width: number): Shape {
  if (sizeOf(shape) === width) return shape;
  if (shape.length !== 3) return [width];
  return shape[0]! > 1 ? [width, 1, 1] : [1, 1, width];
}

type Values = Field['values'];

/** Writes the features of one column of a row, from those of the same column elsewhere. */
type Writer = (from: Values, at: number, to: Values, place: number) => void;

/** A writer for each column of `known`. */
function writersOf(
  name: string,
  found: TableFormat,
  known: TableFormat,
  whose: string,
): readonly Writer[] {
  const refuse = (what: string, hint?: string) =>
    new LanewiseError('data', `data set '${name}': ${what}`, hint);
  const names = found.columns.map((column) => column.name);
  const knownNames = known.columns.map((column) => column.name);
  const starts = startsOf(found);
  const targets = startsOf(known);
  const writers = known.columns.map((column, i): Writer => {
    const place = names.indexOf(column.name);
    const own = found.columns[place];
    if (!own)
      throw refuse(
        `column ${quote(column.name)}, which ${whose} has, is missing; there are ${shorten(names.join(', '))}`,
        nearest(column.name, names),
      );
    if (own.type !== column.type)
      throw refuse(
        `column ${quote(column.name)} holds ${kindOf(own)}, and ${kindOf(column)} in ${whose}`,
        `columns: { … } says what it holds`,
      );
    const unknown = own.classes?.find((one) => one !== '' && !column.classes!.includes(one));
    if (unknown !== undefined)
      throw refuse(
        `column ${quote(column.name)} has ${quote(unknown)}, and ${shorten(column.classes!.join(', '))} in ${whose}`,
        `missing: [${quote(unknown)}] leaves such rows out`,
      );
    const write = writerOf(own, column, () =>
      refuse(
        `column ${quote(column.name)} has missing values, and none in ${whose}`,
        "missing: 'drop' leaves such rows out",
      ),
    );
    return (from, at, to, first) => write(from, at + starts[place]!, to, first + targets[i]!);
  });
  const more = names.find((one) => !knownNames.includes(one));
  if (more !== undefined)
    throw refuse(
      `column ${quote(more)} is none of those of ${whose}: ${shorten(knownNames.join(', '))}`,
      `columns: { ${JSON.stringify(more)}: 'ignore' } leaves it out`,
    );
  return writers;
}

/** The place of each column's first feature. */
function startsOf({ columns }: TableFormat): number[] {
  let next = 0;
  return columns.map((column) => {
    next += widthOf(column);
    return next - widthOf(column);
  });
}

/** A writer between two formats of one column. */
function writerOf(own: ColumnFormat, column: ColumnFormat, refusal: () => LanewiseError): Writer {
  const places = placesOf(own, column);
  const isGap = gapIn(own);
  return (from, at, to, first) => {
    if (isGap(from, at)) {
      if (column.missing === undefined) throw refusal();
      writeMissing(column, to as Float32Array, first);
    } else
      places.forEach((place, i) => {
        to[first + i] = place < 0 ? 0 : place === ONE ? 1 : from[at + place]!;
      });
  };
}

/** In the place of a feature's place: it is always 1. */
const ONE = Infinity;

/** The place of each feature of `column` among those of the same column in another format; −1 for a feature that is 0. */
function placesOf(own: ColumnFormat, { classes, parts }: ColumnFormat): readonly number[] {
  if (classes) return classes.map((one) => own.classes!.indexOf(one));
  if (!parts) return [0];
  return parts.flatMap((part) => {
    let first = 0;
    for (const other of own.parts!) {
      if (other === part) return part === 'time' ? [first] : [first, first + 1];
      first += widthOfPart(other);
    }
    // Dates without times are at midnight.
    return part === 'time' ? [-1] : [ONE, -1];
  });
}

/** Whether the value of a column is missing: as a feature or a category says, or by features that are not numbers. */
function gapIn(column: ColumnFormat): (values: Values, at: number) => boolean {
  const said = column.flag ? widthOf(column) - 1 : (column.classes?.indexOf('') ?? -1);
  return (values, at) => Number.isNaN(values[at]) || (said >= 0 && values[at + said] === 1);
}

const kindOf = ({ type }: ColumnFormat): string =>
  ({ number: 'numbers', class: 'classes', date: 'dates' })[type];

function rewritten<A extends Values>(
  values: A,
  ownWidth: number,
  width: number,
  writers: readonly Writer[],
): A {
  const rows = values.length / ownWidth;
  const type = [Uint8Array, Int32Array, Float32Array].find((one) => values instanceof one)!;
  const result = new type(rows * width) as A;
  for (let row = 0; row < rows; row++)
    for (const write of writers) write(values, row * ownWidth, result, row * width);
  return result;
}
