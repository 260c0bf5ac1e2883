/** Builders of a table's columns, which decide from the rows whether a column holds numbers or classes. */
import { quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

/** A column of numbers, or of class indices into class names. */
export type TableColumn =
  | {
      readonly name: string;
      readonly type: 'number';
      readonly values: Float32Array | Uint8Array;
    }
  | {
      readonly name: string;
      readonly type: 'class';
      readonly values: Int32Array;
      readonly classes: readonly string[];
    };

/**
 * The content of a column: numbers, bytes (whole numbers of 0–255), classes by their names in order, or the classes
 * that occur; `ignore` leaves it out. Undefined: numbers if every field is a number, else classes.
 */
export type ColumnType = 'number' | 'byte' | 'class' | 'ignore' | readonly string[];

export interface ColumnBuilder {
  readonly name: string;
  /** Takes the field of the next row. */
  add(text: string, line: number): void;
  /** Takes a number for a missing field. */
  addMissing(value: number, line: number): void;
  finish(): TableColumn;
  /** Why a column of undeclared type should not become class labels or features; called before `finish`. */
  unfit?(becomes: 'features' | 'classes'): LanewiseError | undefined;
}

/** Largest number of different texts in a column of undeclared type, and in a column of classes. */
const MAX_TEXTS = 4096;
const MAX_CLASSES = 65_536;
/** Fewer different texts than this are classes, even if they resemble numbers, unless they are dates. */
const FEW = 10;
/** A column of undeclared type with more different texts than this does not become features. */
const MAX_AS_FEATURES = 1000;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export const isNumber = (text: string): boolean => NUMBER.test(text);

/** Ways of writing numbers that people and spreadsheets use, and what prevents reading each as a number. */
const LIKE_NUMBERS: readonly (readonly [RegExp, string])[] = [
  [/^[+-]?inf(?:inity)?$/i, 'not finite'],
  [/^[+-]?[$€£¥]? ?[\d.]*\d(?:,\d+)+(?:\.\d+)? ?[%$€£¥]?$/, 'a comma in it'],
  [/^[+-]?(?:\d+\.?\d*|\.\d+) ?%$/, 'a percent sign'],
  [/^[+-]?[$€£¥] ?[\d.]+$|^[+-]?[\d.]+ ?[$€£¥]$/, 'a currency sign'],
  [/^[+-]?0x[\da-f]+$/i, 'hexadecimal'],
  [/^[+-]?\d{1,3}(?:[ '’_.\u00a0\u202f]\d{3})+(?:[.,]\d+)?$/, 'a separator of thousands'],
];
const WITH_UNIT = /^[+-]?(?:\d+\.?\d*|\.\d+) ?[a-zµ°²³"'/]{1,5}$/i;

const likeNumber = (text: string): string | undefined =>
  LIKE_NUMBERS.find(([pattern]) => pattern.test(text))?.[1];

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

/** The names of settings in a message's advice: those of a program, or the command line's options. */
export interface TableWords {
  column(name: string, type: string): string;
  missing(text: string): string;
  header(is: boolean): string;
  /** Advice about a missing value. */
  readonly gap: string;
}

const keyOf = (name: string): string =>
  /^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name);

export const programWords: TableWords = {
  column: (name, type) => `columns: { ${keyOf(name)}: '${type}' }`,
  missing: (text) => `missing: [${quote(text)}]`,
  header: (is) => `header: ${is}`,
  gap: "missing: 'drop' leaves such rows out, missing: 0 takes 0 for them",
};

/** The builder of one column. `file` and `words` are for messages. */
export function columnBuilder(
  file: string,
  name: string,
  type: Exclude<ColumnType, 'ignore'> | undefined,
  words = programWords,
): ColumnBuilder {
  const wrong: Wrong = (line, what, hint) =>
    new LanewiseError(
      'data',
      `'${file}'${line > 0 ? ` line ${line}` : ''}, column '${name}': ${what}`,
      hint,
    );
  if (type === 'number') return numberBuilder(name, growing(Float32Array), wrong, words);
  if (type === 'byte') return byteBuilder(name, wrong);
  if (type === undefined) return undecidedBuilder(name, wrong, words);
  return classBuilder(name, type === 'class' ? undefined : type, wrong);
}

/** Makes an error about a line; line 0 means the column as a whole. */
type Wrong = (line: number, what: string, hint?: string) => LanewiseError;

function numberBuilder(
  name: string,
  values: Growing<Float32Array>,
  wrong: Wrong,
  words: TableWords,
): ColumnBuilder {
  const add = (value: number, shown: string, line: number): void => {
    if (!Number.isFinite(Math.fround(value)))
      throw wrong(line, `${shown} is too large for a float32`);
    values.push(value);
  };
  return {
    name,
    add(text, line) {
      if (!isNumber(text))
        throw wrong(
          line,
          `${quote(text)} is not a number${why(text)}`,
          `${words.missing(text)} leaves such rows out`,
        );
      add(Number(text), text, line);
    },
    addMissing: (value, line) => add(value, String(value), line),
    finish: () => ({ name, type: 'number', values: values.all() }),
  };
}

const why = (text: string): string => {
  const reason = likeNumber(text);
  return reason ? ` (${reason})` : '';
};

function byteBuilder(name: string, wrong: Wrong): ColumnBuilder {
  const values = growing(Uint8Array);
  const add = (text: string, line: number): void => {
    const value = isNumber(text) ? Number(text) : NaN;
    if (!Number.isInteger(value) || value < 0 || value > 255)
      throw wrong(line, `${quote(text)} is not a whole number of 0–255`);
    values.push(value);
  };
  return {
    name,
    add,
    addMissing: (value, line) => add(String(value), line),
    finish: () => ({ name, type: 'number', values: values.all() }),
  };
}

/** The builder of a column of classes: given ones, or all that occur, in order. */
function classBuilder(
  name: string,
  given: readonly string[] | undefined,
  wrong: Wrong,
): ColumnBuilder {
  const codes = new Map((given ?? []).map((text, code) => [text, code]));
  const values = growing(Int32Array);
  return {
    name,
    add(text, line) {
      let code = codes.get(text);
      if (code === undefined) {
        if (given)
          throw wrong(line, `${quote(text)} is none of the classes ${shorten(given.join(', '))}`);
        if (codes.size === MAX_CLASSES) throw wrong(line, `more than ${MAX_CLASSES} classes`);
        code = codes.size;
        codes.set(text, code);
      }
      values.push(code);
    },
    addMissing: (_, line) => missingClass(wrong, line),
    finish: () =>
      given
        ? { name, type: 'class', values: values.all(), classes: given }
        : sorted(name, codes, values.all()),
  };
}

function missingClass(wrong: Wrong, line: number): never {
  throw wrong(
    line,
    'a class is missing, and no number stands for a class',
    "missing: 'drop' leaves such rows out",
  );
}

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
  /** Takes the numbers once there are too many texts and all are numbers. */
  numbers?: ColumnBuilder | undefined;
  /** Counts of the values that are not kept. */
  readonly shares: Shares;
  /** The first value that is not a number, and the first that is missing. */
  odd?: { readonly shown: string; readonly line: number };
  missingLine: number;
  isMany: boolean;
  allDates: boolean;
  isCounted: boolean;
}

/**
 * The builder of a column of undeclared type. It keeps each text once until all rows are seen, since a column's type
 * may show late. Past 4096 different texts, a column of numbers keeps only the numbers, and any other is counted but
 * not kept.
 */
function undecidedBuilder(name: string, wrong: Wrong, words: TableWords): ColumnBuilder {
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
    isCounted: false,
  };
  return {
    name,
    add: (text, line) => addText(column, text, line),
    addMissing(value, line) {
      column.missingLine ||= line;
      if (column.numbers) column.numbers.addMissing(value, line);
      else if (!column.isMany) addText(column, String(value), line);
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
  if (!column.odd) column.numbers = toNumbers(column);
  column.codes = growing(Int32Array);
  column.texts.clear();
}

function addToMany(column: Undecided, text: string, line: number): void {
  const { numbers, shares } = column;
  if (numbers && isNumber(text)) {
    shares.values++;
    shares.numbers++;
    return numbers.addMissing(Number(text), line);
  }
  see(column, text, line);
  countIn(shares, text, 1);
  column.numbers = undefined;
}

function countKept(column: Undecided): void {
  const { texts, codes, shares } = column;
  if (column.isCounted) return;
  column.isCounted = true;
  const times = new Uint32Array(texts.size);
  for (const code of codes.all()) times[code]!++;
  for (const [text, code] of texts) countIn(shares, text, times[code]!);
}

function toNumbers({ name, wrong, words, texts, codes }: Undecided): ColumnBuilder {
  const values = [...texts.keys()].map(Number);
  const column = growing(Float32Array);
  for (const code of codes.all()) column.push(values[code]!);
  return numberBuilder(name, column, wrong, words);
}

function decide(column: Undecided): TableColumn {
  const { name, wrong, texts, codes, odd, missingLine } = column;
  if (!odd) return (column.numbers ?? toNumbers(column)).finish();
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
  const { odd, isMany, allDates, shares, texts } = column;
  if (!odd) return undefined;
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
  return column.wrong(0, `it ${what}, which would become ${many} ${becomes}`, unfitHint(column));
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

/** Classes in order, by value if all are numbers, else by code unit; `values` are renumbered in place. */
function sorted(name: string, codes: ReadonlyMap<string, number>, values: Int32Array): TableColumn {
  const texts = [...codes.keys()];
  const order = texts.every(isNumber)
    ? (a: string, b: string) => Number(a) - Number(b)
    : (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const classes = texts.toSorted(order);
  const places = new Map(classes.map((text, place) => [text, place]));
  const to = texts.map((text) => places.get(text)!);
  for (let i = 0; i < values.length; i++) values[i] = to[values[i]!]!;
  return { name, type: 'class', values, classes };
}

interface Growing<A extends Float32Array | Int32Array | Uint8Array> {
  push(value: number): void;
  all(): A;
}

/** An array that doubles when it is full. */
function growing<A extends Float32Array | Int32Array | Uint8Array>(
  type: new (length: number) => A,
): Growing<A> {
  let values = new type(16);
  let length = 0;
  return {
    push(value) {
      if (length === values.length) {
        const larger = new type(2 * length);
        larger.set(values);
        values = larger;
      }
      values[length++] = value;
    },
    all: () => values.slice(0, length) as A,
  };
}
