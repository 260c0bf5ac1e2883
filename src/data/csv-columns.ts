/** Columns of a table as its rows arrive: each becomes numbers or classes, and what it is may show late. */
import { LanewiseError } from '../errors.js';

/** A column of numbers, or of class indices into the names of the classes. */
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
 * What a column holds: numbers, whole ones of 0–255, classes by their names in order, or the classes that occur;
 * `ignore` leaves it out. Undefined: numbers if every field is one, else classes.
 */
export type ColumnType = 'number' | 'byte' | 'class' | 'ignore' | readonly string[];

export interface ColumnBuilder {
  readonly name: string;
  /** Takes the field of the next row. */
  add(text: string, line: number): void;
  /** Takes a number for a missing field. */
  addMissing(value: number, line: number): void;
  finish(): TableColumn;
}

/** Different texts in a column that nobody has said is of classes, and in one of classes. */
const MAX_TEXTS = 4096;
const MAX_CLASSES = 65_536;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export const isNumber = (text: string): boolean => NUMBER.test(text);

/** `file` is for messages. */
export function columnBuilder(
  file: string,
  name: string,
  type: Exclude<ColumnType, 'ignore'> | undefined,
): ColumnBuilder {
  const wrong = (line: number, what: string, hint?: string) =>
    new LanewiseError('data', `'${file}' line ${line}, column '${name}': ${what}`, hint);
  if (type === 'number') return numberBuilder(name, growing(Float32Array), wrong);
  if (type === 'byte') return byteBuilder(name, wrong);
  if (type === undefined) return undecidedBuilder(name, wrong);
  return classBuilder(name, type === 'class' ? undefined : type, wrong);
}

type Wrong = (line: number, what: string, hint?: string) => LanewiseError;

function numberBuilder(name: string, values: Growing<Float32Array>, wrong: Wrong): ColumnBuilder {
  const add = (value: number, shown: string, line: number): void => {
    if (!Number.isFinite(Math.fround(value)))
      throw wrong(line, `${shown} is too large for a float32`);
    values.push(value);
  };
  return {
    name,
    add(text, line) {
      if (!isNumber(text)) throw wrong(line, `'${text}' is no number`);
      add(Number(text), text, line);
    },
    addMissing: (value, line) => add(value, String(value), line),
    finish: () => ({ name, type: 'number', values: values.all() }),
  };
}

function byteBuilder(name: string, wrong: Wrong): ColumnBuilder {
  const values = growing(Uint8Array);
  const add = (text: string, line: number): void => {
    const value = isNumber(text) ? Number(text) : NaN;
    if (!Number.isInteger(value) || value < 0 || value > 255)
      throw wrong(line, `'${text}' is no whole number of 0–255`);
    values.push(value);
  };
  return {
    name,
    add,
    addMissing: (value, line) => add(String(value), line),
    finish: () => ({ name, type: 'number', values: values.all() }),
  };
}

/** Classes that are given, or all that occur, in order. */
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
        if (given) throw wrong(line, `'${text}' is none of the classes ${given.join(', ')}`);
        if (codes.size === MAX_CLASSES) throw wrong(line, `more than ${MAX_CLASSES} classes`);
        code = codes.size;
        codes.set(text, code);
      }
      values.push(code);
    },
    addMissing(_, line) {
      throw wrong(
        line,
        'a class is missing, and no number stands for a class',
        "missing: 'drop' leaves such rows out",
      );
    },
    finish: () =>
      given
        ? { name, type: 'class', values: values.all(), classes: given }
        : sorted(name, codes, values.all()),
  };
}

/**
 * Keeps the texts, each once, until all rows are seen. Past 4096 of them a column can only be one of numbers, and
 * keeps numbers alone.
 */
function undecidedBuilder(name: string, wrong: Wrong): ColumnBuilder {
  const classes = classBuilder(name, undefined, wrong);
  const texts = new Map<string, number>();
  let codes = growing(Int32Array);
  let numbers: ColumnBuilder | undefined;
  /** Where something is no number, and where something is missing. */
  let text: { readonly shown: string; readonly line: number } | undefined;
  let missingLine = 0;

  const toNumbers = (): ColumnBuilder => {
    const values = [...texts.keys()].map(Number);
    const column = growing(Float32Array);
    for (const code of codes.all()) column.push(values[code]!);
    return numberBuilder(name, column, wrong);
  };
  const add = (field: string, line: number): void => {
    if (numbers) return numbers.add(field, line);
    let code = texts.get(field);
    if (code === undefined) {
      // A number that float32 cannot hold is refused where it stands, unless the column has texts anyway.
      if (!isNumber(field)) text ??= { shown: field, line };
      else if (!text && !Number.isFinite(Math.fround(Number(field))))
        throw wrong(line, `${field} is too large for a float32`);
      if (texts.size === MAX_TEXTS) {
        if (text) {
          throw wrong(
            text.line,
            `'${text.shown}' is no number, and the column has more than ${MAX_TEXTS} different texts`,
            `columns: { ${JSON.stringify(name)}: 'ignore' } leaves it out, 'class' makes classes of them`,
          );
        }
        numbers = toNumbers();
        texts.clear();
        codes = growing(Int32Array);
        return numbers.add(field, line);
      }
      code = texts.size;
      texts.set(field, code);
    }
    codes.push(code);
  };
  return {
    name,
    add,
    addMissing(value, line) {
      missingLine ||= line;
      add(String(value), line);
    },
    finish() {
      if (!text) return (numbers ?? toNumbers()).finish();
      if (missingLine > 0) classes.addMissing(0, missingLine);
      return sorted(name, texts, codes.all());
    },
  };
}

/** Classes in order, by their numbers if all are numbers, else by their characters; `values` follow in place. */
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
