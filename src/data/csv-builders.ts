/** Builders of a table's columns of declared types, and what all builders share. */
import { quote, shorten } from '../base/check.js';
import type { LanewiseError } from '../base/errors.js';
import { dateOf } from './dates.js';
import { growing, type Growing } from './growing.js';

/**
 * A column of numbers, NaN where one is missing; of class indices into class names, −1 where one is missing; or of dates
 * in milliseconds since 1970, NaN where one is missing.
 */
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
    }
  | {
      readonly name: string;
      readonly type: 'date';
      readonly values: Float64Array;
    };

/**
 * The content of a column: numbers, bytes (whole numbers of 0–255), classes by their names in order, the classes that
 * occur, or dates; `ignore` leaves it out. Undefined: numbers if every field is a number, else classes.
 */
export type ColumnType = 'number' | 'byte' | 'class' | 'date' | 'ignore' | readonly string[];

export interface ColumnBuilder {
  readonly name: string;
  /** Takes the field of the next row. */
  add(text: string, line: number): void;
  /** Takes a number for a missing field. */
  addMissing(value: number, line: number): void;
  /** Takes a missing field as missing. */
  addGap(line: number): void;
  finish(): TableColumn;
  /** Why a column of undeclared type should not become class labels or features; called before `finish`. */
  unfit?(becomes: 'features' | 'classes'): LanewiseError | undefined;
}

/** Largest number of classes of a column. */
const MAX_CLASSES = 65_536;

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
export const WITH_UNIT = /^[+-]?(?:\d+\.?\d*|\.\d+) ?[a-zµ°²³"'/]{1,5}$/i;

/** Why a text that people read as a number is not one here. */
export const likeNumber = (text: string): string | undefined =>
  LIKE_NUMBERS.find(([pattern]) => pattern.test(text))?.[1];

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
  gap: "missing: 'drop' leaves such rows out, missing: 0 takes 0 for them, missing: 'impute' their column's median",
};

/** Makes an error about a line; line 0 means the column as a whole. */
export type Wrong = (line: number, what: string, hint?: string) => LanewiseError;

export function numberBuilder(
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
    addGap: () => values.push(NaN),
    finish: () => ({ name, type: 'number', values: values.all() }),
  };
}

export const why = (text: string): string => {
  const reason = likeNumber(text);
  return reason ? ` (${reason})` : '';
};

export function byteBuilder(name: string, wrong: Wrong): ColumnBuilder {
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
    addGap: (line) => {
      throw wrong(line, 'the value is missing, and no byte says so', 'missing: 0 takes 0 for it');
    },
    finish: () => ({ name, type: 'number', values: values.all() }),
  };
}

/** The builder of a column of classes: given ones, or all that occur, in order. */
export function classBuilder(
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
    addGap: () => values.push(-1),
    finish: () =>
      given
        ? { name, type: 'class', values: values.all(), classes: given }
        : sorted(name, codes, values.all()),
  };
}

export function missingClass(wrong: Wrong, line: number): never {
  throw wrong(
    line,
    'a class is missing, and no number stands for a class',
    "missing: 'drop' leaves such rows out",
  );
}

export function dateBuilder(name: string, wrong: Wrong): ColumnBuilder {
  const values = growing(Float64Array);
  return {
    name,
    add(text, line) {
      const date = dateOf(text);
      if (date === undefined)
        throw wrong(
          line,
          `${quote(text)} is not a date`,
          'dates are as 2024-05-31, 2024-05-31 18:30, 2024-05 or 18:30',
        );
      values.push(date);
    },
    addMissing(_, line) {
      throw wrong(
        line,
        'a date is missing, and no number stands for a date',
        "missing: 'drop' leaves such rows out",
      );
    },
    addGap: () => values.push(NaN),
    finish: () => ({ name, type: 'date', values: values.all() }),
  };
}

/** Classes in order, by value if all are numbers, else by code unit; `values` are renumbered in place. */
export function sorted(
  name: string,
  codes: ReadonlyMap<string, number>,
  values: Int32Array,
): TableColumn {
  const texts = [...codes.keys()];
  const order = texts.every(isNumber)
    ? (a: string, b: string) => Number(a) - Number(b)
    : (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const classes = texts.toSorted(order);
  const places = new Map(classes.map((text, place) => [text, place]));
  const to = texts.map((text) => places.get(text)!);
  for (let i = 0; i < values.length; i++) if (values[i]! >= 0) values[i] = to[values[i]!]!;
  return { name, type: 'class', values, classes };
}
