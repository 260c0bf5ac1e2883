/**
 * The checks of arguments at the package's public interface. A function that takes options declares them once, as a
 * table from name to check; the type makes the table complete, and any other name is refused, with a suggestion if
 * another library uses it.
 */
import { LanewiseError, show } from './errors.js';
import { suggest } from './suggest.js';

/**
 * Checks one given value; throws a LanewiseError that names owner, name, value and what was expected. Only
 * check-json.ts uses the returned value: the value as read, if it differs.
 */
export type Check = (owner: string, name: string, value: unknown) => unknown;

/** All options of a function: the check of each, or `true` if it is checked elsewhere. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check | true };

/** The expectation of `check` for a value that it refuses; undefined for one that it accepts. */
export function expectedOf(check: Check, value: unknown): string | undefined {
  try {
    check('', '', value);
    return undefined;
  } catch (error) {
    if (error instanceof LanewiseError) return error.message.split(', expected ').at(-1);
    throw error;
  }
}

/** A check of a required option, which sees undefined too. */
/* @__NO_SIDE_EFFECTS__ */
export const required = (check: Check): Check =>
  Object.assign<Check, object>((...given) => check(...given), { isRequired: true });

/** @throws LanewiseError kind 'argument': `adam: lr is -1, expected a number of at least 0`. */
export function refuse(owner: string, name: string, value: unknown, expected: string): never {
  throw new LanewiseError('argument', `${owner}: ${name} is ${quote(value)}, expected ${expected}`);
}

/**
 * A value as messages show it: texts quoted, shortened, and without terminal control characters; short lists with their
 * values.
 */
export function quote(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value).replace(/[\p{Cc}\p{Cf}]/gu, escaped)}'`;
  return Array.isArray(value) && value.length <= SHORT
    ? `[${value.map((one) => (typeof one === 'string' ? quote(one) : show(one))).join(', ')}]`
    : show(value);
}

const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/** Largest length of a list that is shown whole. */
const SHORT = 4;

/** Text from outside, shortened to 100 characters by default. */
export const shorten = (text: string, most = 100): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;

/** @throws LanewiseError kind 'argument' for a value that cannot hold options. */
export function checkObject(owner: string, options: unknown, known: readonly string[]): void {
  if (isObject(options)) return;
  const example = known.length > 0 ? ` such as { ${known.slice(0, 3).join(', ')} }` : '';
  const [first] = known;
  throw new LanewiseError(
    'argument',
    `${owner}: options are ${quote(options)}, expected an object${example}`,
    first !== undefined && (typeof options === 'number' || typeof options === 'string')
      ? `if it is ${first}, write { ${first}: ${quote(options)} }`
      : undefined,
  );
}

/** Whether a value has fields: an object that is not a list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !isList(value);

/** Whether a value is an array or a typed array. */
export const isList = (value: unknown): boolean =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/**
 * Checks the names of options; `hints` say for some unknown names what their users want instead.
 * @throws LanewiseError kind 'argument' for a value that is not an object, and for an unknown name.
 */
export function checkKeys(
  owner: string,
  options: object,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): void {
  checkObject(owner, options, known);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const expected = known.length > 0 ? `expected ${known.join(', ')}` : 'it takes none';
  throw new LanewiseError(
    'argument',
    `${owner}: unknown option ${quote(unknown)}, ${expected}`,
    Object.hasOwn(hints, unknown) ? hints[unknown] : suggest(unknown, known, hints),
  );
}

/**
 * Options checked by their table, returned as given. An undefined value counts as not given.
 * @throws LanewiseError kind 'argument' for a value that is not an object, an unknown name, and a value that its check
 * refuses.
 */
export function checkOptions<Options extends object>(
  owner: string,
  options: Options,
  checks: Checks<Options>,
  hints?: Readonly<Record<string, string>>,
): Options {
  checkKeys(owner, options, Object.keys(checks), hints);
  for (const [name, check] of Object.entries<Check | true>(checks)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined && !(check as { readonly isRequired?: true }).isRequired) continue;
    if (check !== true) check(owner, name, value);
    else if (value === null) refuse(owner, name, value, 'a value or undefined');
  }
  return options;
}

/** The largest float32, the kernels' type: a larger number would be infinite there. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** Whether a value is a number that is finite in float32. */
export const isFloat = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= LARGEST;

/** The expectation of a number, with the bound if the number is too large. */
export const orLargest = (value: unknown, expected: string): string =>
  Number.isFinite(value) && !isFloat(value) ? `one within ±${LARGEST}` : expected;

/** A finite number from `low` to `high`. */
/* @__NO_SIDE_EFFECTS__ */
export const numberFrom =
  (low: number, high = Infinity): Check =>
  (owner, name, value) => {
    if (isFloat(value) && value >= low && value <= high) return;
    refuse(owner, name, value, orLargest(value, rangeOf('a number', low, high)));
  };

/** A finite number of at least 0, such as a rate. */
export const notNegative: Check = /* @__PURE__ */ numberFrom(0);

/** A finite number above `low`, at most `high`. */
/* @__NO_SIDE_EFFECTS__ */
export const numberAbove =
  (low: number, high = Infinity): Check =>
  (owner, name, value) => {
    if (isFloat(value) && value > low && value <= high) return;
    const range = `a number above ${low}${high === Infinity ? '' : `, at most ${high}`}`;
    refuse(owner, name, value, orLargest(value, range));
  };

/** A number of at least `low` and below `high`. */
/* @__NO_SIDE_EFFECTS__ */
export const numberIn =
  (low: number, high: number): Check =>
  (owner, name, value) => {
    if (isFloat(value) && value >= low && value < high) return;
    refuse(owner, name, value, `a number in [${low}, ${high})`);
  };

/** A finite number. */
export const finite: Check = (owner, name, value) => {
  if (!isFloat(value)) refuse(owner, name, value, orLargest(value, 'a finite number'));
};

/** A whole number from `least` to `most`; beyond 2⁵³ all numbers are whole. */
/* @__NO_SIDE_EFFECTS__ */
export const wholeFrom =
  (least: number, most = Infinity): Check =>
  (owner, name, value) => {
    const found = Number.isInteger(value) ? (value as number) : NaN;
    const bound = found > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : most;
    if (found >= least && found <= bound) return;
    refuse(owner, name, value, rangeOf('a whole number', least, bound));
  };

/** A whole number, of either sign. */
export const whole: Check = (owner, name, value) => {
  if (!Number.isSafeInteger(value)) refuse(owner, name, value, 'a whole number');
};

/** A whole number of at least 0. */
export const natural: Check = /* @__PURE__ */ wholeFrom(0);

/** A whole number of at least 1: a count or a size. */
export const extent: Check = /* @__PURE__ */ wholeFrom(1);

/** An AbortSignal, of any realm. */
export const abortSignal: Check = (owner, name, value) => {
  if (typeof (value as Partial<AbortSignal> | null)?.aborted !== 'boolean')
    refuse(owner, name, value, "an AbortController's signal");
};

/** An object, such as one of options. */
export const object: Check = (owner, name, value) => {
  if (!isObject(value)) refuse(owner, name, value, 'an object');
};

/** An array or a typed array. */
export const list: Check = (owner, name, value) => {
  if (!isList(value)) refuse(owner, name, value, 'a list');
};

/** A list of `least` to `most` values that pass `check`. */
/* @__NO_SIDE_EFFECTS__ */
export const listOf =
  (check: Check, least = 1, most = Infinity): Check =>
  (owner, name, value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most)
      refuse(
        owner,
        name,
        value,
        least === most ? `a list of ${least}` : `a list${least > 0 ? ` of ${least} or more` : ''}`,
      );
    (value as readonly unknown[]).forEach((one, i) => check(owner, `${name}[${i}]`, one));
  };

/** One value that passes `check`, or two, such as for height and width. */
/* @__NO_SIDE_EFFECTS__ */
export const oneOrTwo = (check: Check): Check => listOr(check, listOf(check, 2, 2));

/** A value that passes `oneOrTwo`, as a pair. */
export const pairOf = <T>(value: T | readonly [T, T]): readonly [T, T] =>
  Array.isArray(value) ? (value as unknown as readonly [T, T]) : [value as T, value as T];

/** A value that passes one of two checks: `check` for lists, `other` for everything else. */
/* @__NO_SIDE_EFFECTS__ */
export const listOr =
  (other: Check, check: Check): Check =>
  (owner, name, value) =>
    (Array.isArray(value) ? check : other)(owner, name, value);

/** A text of this form. */
/* @__NO_SIDE_EFFECTS__ */
export const matching =
  (form: RegExp, expected: string): Check =>
  (owner, name, value) => {
    if (typeof value !== 'string' || !form.test(value)) refuse(owner, name, value, expected);
  };

/** One of a closed set of names or numbers. */
/* @__NO_SIDE_EFFECTS__ */
export const oneOf =
  (known: readonly (string | number)[]): Check =>
  (owner, name, value) => {
    if (known.includes(value as string)) return;
    throw new LanewiseError(
      'argument',
      `${owner}: ${name} is ${quote(value)}, expected one of ${known.join(', ')}`,
      typeof value === 'string' ? suggest(value, known.map(String)) : undefined,
    );
  };

export const flag: Check = (owner, name, value) => {
  if (typeof value !== 'boolean') refuse(owner, name, value, 'true or false');
};

export const text: Check = (owner, name, value) => {
  if (typeof value !== 'string') refuse(owner, name, value, 'a text');
  if (value === '') refuse(owner, name, value, 'a text that is not empty');
};

export const callable: Check = (owner, name, value) => {
  if (typeof value !== 'function') refuse(owner, name, value, 'a function');
};

function rangeOf(what: string, low: number, high: number): string {
  if (high === Infinity)
    return low === -Infinity ? `${what} that is finite` : `${what} of at least ${low}`;
  return low === -Infinity ? `${what} of at most ${high}` : `${what} from ${low} to ${high}`;
}

/** @throws LanewiseError kind 'argument' for a value that is not a list, by its name. */
export function checkLists(owner: string, lists: Readonly<Record<string, unknown>>): void {
  for (const [name, list] of Object.entries(lists))
    if (!isList(list)) refuse(owner, name, list, 'a list');
}
