/** The builder of a column of undeclared type, which decides from the rows whether it holds numbers, classes or dates. */
import { quote } from '../base/check.js';
import type { LanewiseError } from '../base/errors.js';
import {
  dateBuilder,
  isNumber,
  likeNumber,
  missingClass,
  numberBuilder,
  sorted,
  why,
  WITH_UNIT,
  type ColumnBuilder,
  type TableColumn,
  type TableWords,
  type Wrong,
} from './csv-builders.js';
import { dateOf } from './dates.js';
import { growing, type Growing } from './growing.js';

/** Largest number of different texts that are kept. */
const MAX_TEXTS = 4096;
/** Fewer different texts than this are classes, even if they resemble numbers, unless they are dates. */
const FEW = 10;
/** A column of undeclared type with more different texts than this does not become features. */
const MAX_AS_FEATURES = 1000;

const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const TIME = '(?:[T ,]+\\d{1,2}:\\d{2}.*)?';
const DATE = new RegExp(
  [
    `\\d{4}([-/.])\\d{1,2}\\1\\d{1,2}${TIME}`,
    `\\d{1,2}([-/.])\\d{1,2}\\2\\d{2,4}${TIME}`,
    '\\d{4}[-/]\\d{2}',
    '\\d{1,2}:\\d{2}(?::\\d{2}(?:\\.\\d+)?)?(?: ?[ap]m)?',
    `(?:[a-z]{3,9},? )?${MONTH}\\.?[ -]\\d{1,2},?[ -]\\d{2,4}${TIME}`,
    `(?:[a-z]{3,9},? )?\\d{1,2}[ -]${MONTH}\\.?,?[ -]\\d{2,4}${TIME}`,
  ]
    .map((form) => `^${form}$`)
    .join('|'),
  'i',
);

/** Counts of a column's values: all, numbers, number-like texts, and number-like texts followed by a unit. */
interface Shares {
  values: number;
  numbers: number;
  likes: number;
  units: number;
}

function countIn(shares: Shares, text: string, times: number): void {
  shares.values += times;
  if (isNumber(text)) shares.numbers += times;
  else if (likeNumber(text)) shares.likes += times;
  else if (WITH_UNIT.test(text)) shares.units += times;
}

/** A column whose type is not known yet. */
interface Undecided {
  readonly name: string;
  readonly wrong: Wrong;
  readonly words: TableWords;
  /** Code of each text that is kept; `codes` has those of the rows. */
  readonly texts: Map<string, number>;
  codes: Growing<Int32Array>;
  /** Takes the values once there are too many texts, and all are numbers, or all are dates. */
  kept?: ColumnBuilder | undefined;
  /** Counts of the values that are not kept. */
  readonly shares: Shares;
  /** The first value that is not a number, and the first that is missing. */
  odd?: { readonly shown: string; readonly line: number };
  missingLine: number;
  isMany: boolean;
  /** Whether all texts are dates, and whether they are read as such. */
  allDates: boolean;
  areDates: boolean;
  isCounted: boolean;
}

/**
 * The builder of a column of undeclared type. It keeps each text once until all rows are seen, since a column's type
 * may show late. Past 4096 different texts, a column of numbers keeps only the numbers, and any other is counted but
 * not kept; so are dates that are read `asDates`.
 */
export function undecidedBuilder(
  name: string,
  wrong: Wrong,
  words: TableWords,
  asDates: boolean,
): ColumnBuilder {
  const column: Undecided = {
    name,
    wrong,
    words,
    texts: new Map(),
    codes: growing(Int32Array),
    shares: { values: 0, numbers: 0, likes: 0, units: 0 },
    missingLine: 0,
    isMany: false,
    allDates: true,
    areDates: asDates,
    isCounted: false,
  };
  return {
    name,
    add: (text, line) => addText(column, text, line),
    addMissing(value, line) {
      column.missingLine ||= line;
      if (column.kept) column.kept.addMissing(value, line);
      else if (!column.isMany) addText(column, String(value), line);
    },
    addGap(line) {
      if (column.kept) column.kept.addGap(line);
      else if (!column.isMany) column.codes.push(-1);
    },
    finish: () => decide(column),
    unfit: (becomes) => unfitAs(column, becomes),
  };
}

function addText(column: Undecided, text: string, line: number): void {
  const { texts } = column;
  if (column.isMany) return addToMany(column, text, line);
  let code = texts.get(text);
  if (code === undefined) {
    see(column, text, line);
    if (texts.size === MAX_TEXTS) {
      overflow(column);
      return addToMany(column, text, line);
    }
    code = texts.size;
    texts.set(text, code);
  }
  column.codes.push(code);
}

function see(column: Undecided, text: string, line: number): void {
  // A number that float32 cannot hold is refused where it stands, unless the column has texts anyway.
  column.areDates &&= dateOf(text) !== undefined;
  if (isNumber(text)) {
    if (!column.odd && !Number.isFinite(Math.fround(Number(text))))
      throw column.wrong(line, `${text} is too large for a float32`);
    return;
  }
  column.odd ??= { shown: text, line };
  column.allDates &&= DATE.test(text);
}

/** Handles more different texts than are kept. */
function overflow(column: Undecided): void {
  countKept(column);
  column.isMany = true;
  if (!column.odd) column.kept = toNumbers(column);
  else if (column.areDates) column.kept = toDates(column);
  column.codes = growing(Int32Array);
  column.texts.clear();
}

function addToMany(column: Undecided, text: string, line: number): void {
  const { kept, shares } = column;
  see(column, text, line);
  countIn(shares, text, 1);
  if (!column.odd) kept?.addMissing(Number(text), line);
  else if (kept && column.areDates) kept.add(text, line);
  else column.kept = undefined;
}

function countKept(column: Undecided): void {
  const { texts, codes, shares } = column;
  if (column.isCounted) return;
  column.isCounted = true;
  const times = new Uint32Array(texts.size);
  for (const code of codes.all()) if (code >= 0) times[code]!++;
  for (const [text, code] of texts) countIn(shares, text, times[code]!);
}

function toNumbers({ name, wrong, words, texts, codes }: Undecided): ColumnBuilder {
  const values = [...texts.keys()].map(Number);
  const column = growing(Float32Array);
  for (const code of codes.all()) column.push(code < 0 ? NaN : values[code]!);
  return numberBuilder(name, column, wrong, words);
}

function toDates({ name, wrong, texts, codes }: Undecided): ColumnBuilder {
  const known = [...texts.keys()];
  const column = dateBuilder(name, wrong);
  for (const code of codes.all()) {
    if (code < 0) column.addGap(0);
    else column.add(known[code]!, 0);
  }
  return column;
}

function decide(column: Undecided): TableColumn {
  const { name, wrong, texts, codes, odd, missingLine } = column;
  if (!odd) return (column.kept ?? toNumbers(column)).finish();
  if (column.areDates) return (column.kept ?? toDates(column)).finish();
  countKept(column);
  refuseNumbers(column);
  if (column.isMany)
    throw wrong(
      odd.line,
      `${quote(odd.shown)} is not a number, and the column has more than ${MAX_TEXTS} different texts${column.allDates ? ', all of them dates' : ''}`,
      unfitHint(column),
    );
  if (missingLine > 0) missingClass(wrong, missingLine);
  return sorted(name, texts, codes.all());
}

/** Why a column of texts is unsuitable as `becomes`, such as features. */
function unfitAs(column: Undecided, becomes: string): LanewiseError | undefined {
  const { name, odd, isMany, allDates, shares, texts, words } = column;
  if (!odd)
    return texts.size > 0 || isMany
      ? undefined
      : column.wrong(0, 'all of its values are missing', words.column(name, 'ignore'));
  if (column.areDates && becomes === 'features') return undefined;
  countKept(column);
  refuseNumbers(column);
  const distinct = texts.size;
  const isIdentifier =
    isMany || (distinct > FEW && distinct > Math.min(MAX_AS_FEATURES, shares.values / 2));
  if (!allDates && !isIdentifier) return undefined;
  const many = isMany ? `more than ${MAX_TEXTS}` : String(distinct);
  const what = allDates
    ? `holds dates (${quote(odd.shown)})`
    : `has ${many} different texts in ${shares.values} rows (${quote(odd.shown)})`;
  const dates =
    allDates && becomes === 'features' && dateOf(odd.shown) !== undefined
      ? `, ${words.column(name, 'date')} makes features of the dates`
      : '';
  return column.wrong(
    0,
    `it ${what}, which would become ${many} ${becomes}`,
    `${unfitHint(column)}${dates}`,
  );
}

/** @throws LanewiseError for a column of numbers in which some values are not numbers. */
function refuseNumbers({ name, wrong, words, shares, odd, isMany, texts }: Undecided): void {
  const distinct = isMany ? Infinity : texts.size;
  const { values, numbers: count, likes, units } = shares;
  if (!odd || count + likes + (distinct > FEW ? units : 0) <= values / 2) return;
  const { shown, line } = odd;
  const what =
    count === 0
      ? 'its values look like numbers, and are not read as such'
      : `${count} of ${values} values are numbers`;
  throw wrong(
    0,
    `${what}, line ${line} has ${quote(shown)}${why(shown)}`,
    `${words.missing(shown)} leaves such rows out; ${words.column(name, 'class')} makes a class of each text, ${words.column(name, 'ignore')} leaves the column out`,
  );
}

const unfitHint = ({ name, words }: Undecided): string =>
  `${words.column(name, 'ignore')} leaves it out, ${words.column(name, 'class')} makes a class of each text`;
