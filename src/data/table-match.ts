/** Tables matched with each other or with a model, columns and categories by name. */
import { quote, shorten } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { Field } from './dataset.js';
import type { Samples } from './samples.js';
import type { ColumnFormat, TableFormat } from './table-format.js';

/** Number of features that a column becomes: one, or one per class. */
export const widthOf = (column: {
  readonly name: string;
  readonly classes?: readonly string[];
}): number => column.classes?.length ?? 1;

/**
 * `samples` with the columns of `known` in their order, and its categories in theirs; unchanged if columns have no
 * names. `whose` names their owner: `the model`.
 * @throws LanewiseError kind 'data' naming the first column that is missing, unknown or of another type, and the first
 * unknown category.
 */
export function withColumnsOf(
  samples: Samples,
  known: TableFormat | undefined,
  whose: string,
): Samples {
  const { name, table: own, inputs, source } = samples;
  if (!known || !own || source || isSame(own, known)) return samples;
  const places = placesOf(name, own, known, whose);
  const width = own.columns.reduce((sum, column) => sum + widthOf(column), 0);
  const [key, field] = Object.entries(inputs)[0]!;
  const input: Field = {
    ...field,
    shape: rowShape(field.shape, places.length),
    values: reordered(field.values, width, places),
  };
  return {
    ...samples,
    table: { ...own, columns: known.columns },
    inputs: { ...inputs, [key]: input },
  };
}

/** The shape of rows of `width` features; images of one row or one place stay images. */
function rowShape(shape: Shape, width: number): Shape {
  if (sizeOf(shape) === width) return shape;
  if (shape.length !== 3) return [width];
  return shape[0]! > 1 ? [width, 1, 1] : [1, 1, width];
}

const isSame = (a: TableFormat, b: TableFormat): boolean =>
  a === b || JSON.stringify(a.columns) === JSON.stringify(b.columns);

/** The place of each feature of `known` among those of `found`; −1 for a category that does not occur. */
function placesOf(name: string, found: TableFormat, known: TableFormat, whose: string): Int32Array {
  const refuse = (what: string, hint?: string) =>
    new LanewiseError('data', `data set '${name}': ${what}`, hint);
  const starts = new Map<string, number>();
  let width = 0;
  for (const column of found.columns) {
    starts.set(column.name, width);
    width += widthOf(column);
  }
  const names = found.columns.map((column) => column.name);
  const more = names.find((one) => !known.columns.some((column) => column.name === one));
  const places: number[] = [];
  for (const column of known.columns) {
    const own = found.columns.find((one) => one.name === column.name);
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
    const start = starts.get(column.name)!;
    if (!column.classes) {
      places.push(start);
      continue;
    }
    const unknown = own.classes!.find((one) => !column.classes!.includes(one));
    if (unknown !== undefined)
      throw refuse(
        `column ${quote(column.name)} has ${quote(unknown)}, and ${shorten(column.classes.join(', '))} in ${whose}`,
        `missing: [${quote(unknown)}] leaves such rows out`,
      );
    for (const one of column.classes) {
      const at = own.classes!.indexOf(one);
      places.push(at < 0 ? -1 : start + at);
    }
  }
  if (more !== undefined)
    throw refuse(
      `column ${quote(more)} is none of those of ${whose}: ${shorten(known.columns.map((column) => column.name).join(', '))}`,
      `columns: { ${JSON.stringify(more)}: 'ignore' } leaves it out`,
    );
  return Int32Array.from(places);
}

const kindOf = ({ type }: ColumnFormat): string => (type === 'number' ? 'numbers' : 'classes');

function reordered<A extends Float32Array | Uint8Array | Int32Array>(
  values: A,
  width: number,
  places: Int32Array,
): A {
  const rows = values.length / width;
  const type = [Uint8Array, Int32Array, Float32Array].find((one) => values instanceof one)!;
  const result = new type(rows * places.length) as A;
  for (let row = 0; row < rows; row++)
    places.forEach((place, i) => {
      if (place >= 0) result[row * places.length + i] = values[row * width + place]!;
    });
  return result;
}
