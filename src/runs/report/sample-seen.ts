/** Samples as people know them: pictures, rows by their columns, texts, and their files. */
import { relative } from 'node:path';
import { samplesAt } from '../../data/chosen.js';
import { dateOfTime } from '../../data/dates.js';
import { namesOf } from '../../data/sample-names.js';
import type { Samples } from '../../data/samples.js';
import type { ColumnFormat } from '../../data/table-format.js';
import { decodeText } from '../../data/text.js';
import { widthOf } from '../../data/write-cell.js';
import { sizeOf, type Shape } from '../../graph/tensor.js';
import type { SampleSeen } from './evaluation.js';
import { samplePicture } from './pictures.js';

/** Most columns of a row, and most characters of a text. */
const MAX_CELLS = 12;
const MAX_TEXT = 400;
/** Most words of a text of which only the words are known. */
const MAX_UNITS = 24;

/** The samples at these places; of a row's columns those in `first` come first. */
export async function samplesSeen(
  data: Samples,
  places: readonly number[],
  first: readonly string[] = [],
): Promise<readonly SampleSeen[]> {
  const few = await samplesAt(data, places);
  const [field] = Object.values(few.inputs);
  const nameOf = namesOf(data);
  const size = sizeOf(field!.shape);
  return places.map((index, i) => {
    const values = field!.values.subarray(i * size, (i + 1) * size);
    return {
      index,
      ...(nameOf ? { file: fileOf(nameOf(index)) } : {}),
      ...lookOf(data, field!.shape, values, first),
    };
  });
}

/** The path from the current folder; a reader describes a sample as `'/absolute/path'`. */
const fileOf = (description: string): string =>
  relative(process.cwd(), description.replace(/^'|'$/g, ''));

type Values = Samples['inputs'][string]['values'];

function lookOf(
  { table, vocabulary, text }: Samples,
  shape: Shape,
  values: Values,
  first: readonly string[],
): Pick<SampleSeen, 'picture' | 'cells' | 'text'> {
  if (table && !(values instanceof Uint8Array))
    return { cells: cellsOf(table.columns, values, first) };
  if (vocabulary && text?.by) return { cells: unitsSeen(values, vocabulary, text.by) };
  if (vocabulary) return { text: textOf(values, vocabulary) };
  if (shape.length === 3 && shape[1]! > 1 && shape[2]! > 1)
    return { picture: samplePicture(values, shape as unknown as [number, number, number]) };
  return {};
}

function cellsOf(
  columns: readonly ColumnFormat[],
  values: Values,
  first: readonly string[],
): (readonly string[])[] {
  let at = 0;
  const cells = columns.map((column): readonly [string, string] => {
    const own = values.subarray(at, at + widthOf(column));
    at += widthOf(column);
    return [column.name, cellOf(column, own)];
  });
  const rank = (name: string) => (first.includes(name) ? first.indexOf(name) : first.length);
  return cells.toSorted(([a], [b]) => rank(a) - rank(b)).slice(0, MAX_CELLS);
}

/** The value of a column by its features. */
function cellOf({ classes, parts, flag, unit }: ColumnFormat, own: Values): string {
  if (flag && own.at(-1) === 1) return 'missing';
  if (classes) return classes[own.indexOf(1)] || 'missing';
  const value = Number(own[0]!.toPrecision(6));
  if (parts) return parts[0] === 'time' ? dateSeen(own[0]!, parts.includes('day')) : '';
  return unit ? `${value} ${unit}` : String(value);
}

/** Half a day, in years. */
const NOON = 0.5 / 365.2425;

/** A date, with its time if the column has times; the nearest day otherwise, as float32 may be minutes off. */
const dateSeen = (time: number, hasClock: boolean): string =>
  hasClock ? dateOfTime(time).replace('T', ' ') : dateOfTime(time + NOON).slice(0, 10);

/** Of a text whose features count its words: these, of which the rarest of the vocabulary, its last, tell most. */
function unitsSeen(
  values: Values,
  vocabulary: readonly string[],
  by: string,
): (readonly string[])[] {
  const found = vocabulary.filter((unit, place) => unit !== '' && values[place]! > 0).toReversed();
  if (found.length === 0) return [[by, 'none that is known']];
  const shown = found.slice(0, MAX_UNITS).join(', ');
  return [[`${by}, the rarest first:`, found.length > MAX_UNITS ? `${shown} …` : shown]];
}

/** The text of tokens, those that pad it apart. */
function textOf(values: Values, vocabulary: readonly string[]): string {
  const text = decodeText(values, vocabulary);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
