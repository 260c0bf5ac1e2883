/** The builders of a table's columns. */
import { LanewiseError } from '../base/errors.js';
import {
  byteBuilder,
  classBuilder,
  dateBuilder,
  numberBuilder,
  programWords,
  type ColumnBuilder,
  type ColumnType,
  type Wrong,
} from './csv-builders.js';
import { undecidedBuilder } from './csv-undecided.js';
import { growing } from './growing.js';

/** The builder of one column. `file` and `words` are for messages; a column of undeclared type holds dates only `asDates`. */
export function columnBuilder(
  file: string,
  name: string,
  type: Exclude<ColumnType, 'ignore'> | undefined,
  words = programWords,
  asDates = false,
): ColumnBuilder {
  const wrong: Wrong = (line, what, hint) =>
    new LanewiseError(
      'data',
      `'${file}'${line > 0 ? ` line ${line}` : ''}, column '${name}': ${what}`,
      hint,
    );
  if (type === 'number') return numberBuilder(name, growing(Float32Array), wrong, words);
  if (type === 'byte') return byteBuilder(name, wrong);
  if (type === 'date') return dateBuilder(name, wrong);
  if (type === undefined) return undecidedBuilder(name, wrong, words, asDates);
  return classBuilder(name, type === 'class' ? undefined : type, wrong);
}
