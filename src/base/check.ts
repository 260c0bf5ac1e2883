/**
 * The one vocabulary in which the border of the package refuses what it is given. A function that takes an object of
 * options declares them once, as a table from name to check; the table is complete by its type, and whatever stands in
 * it neither as a name nor as another library's name for one is refused.
 */
import { LanewiseError, show } from './errors.js';
import { suggest } from './suggest.js';

/**
 * Looks at one value that was given; throws a LanewiseError that names owner, name, value and what was expected. What it
 * returns is for check-json.ts alone: the value as it is read, if that is another.
 */
export type Check = (owner: string, name: string, value: unknown) => unknown;

/** Every option of a function: how its value is checked, or `true` if something else does that. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check | true };

/** What `check` expects of a value that it refuses; undefined of one that it lets pass. */
export function expectedOf(check: Check, value: unknown): string | undefined {
  try {
    check('', '', value);
    return undefined;
  } catch (error) {
    if (error instanceof LanewiseError) return error.message.split(', expected ').at(-1);
    throw error;
  }
}

/** A check of an option that must be given: it sees undefined too. */
/* @__NO_SIDE_EFFECTS__ */
export const required = (check: Check): Check =>
  Object.assign<Check, object>((...given) => check(...given), { isRequired: true });

/** @throws LanewiseError kind 'argument': `adam: lr is -1, expected a number of at least 0`. */
export function refuse(owner: string, name: string, value: unknown, expected: string): never {
  throw new LanewiseError('argument', `${owner}: ${name} is ${quote(value)}, expected ${expected}`);
}

/**
 * A value as a message shows it: texts in quotes, cut if they are long, without what a terminal would obey; and what is
 * in a short list.
 */
export function quote(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value).replace(/[\p{Cc}\p{Cf}]/gu, escaped)}'`;
  return Array.isArray(value) && value.length <= SHORT
    ? `[${value.map((one) => (typeof one === 'string' ? quote(one) : show(one))).join(', ')}]`
    : show(value);
}

const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/** A list of at most so many is shown whole. */
const SHORT = 4;

/** Text from outside, at most 100 characters of it. */
export const shorten = (text: string, most = 100): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;

/** @throws LanewiseError kind 'argument' for what is no object that could hold options. */
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

/** What has fields: an object that is no list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !isList(value);

/** An array, or a typed one. */
export const isList = (value: unknown): boolean =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/**
 * Options by the names that there are; `hints` say of a name that is not one of them what its users want instead.
 * @throws LanewiseError kind 'argument' for what is no object, and for a name that there is not.
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
    Object.hasOwn(hints, unknown) ? hints[unknown] : suggest(unknown, known),
  );
}

/**
 * Options by their table, as they were given. A value that is undefined is one that was not given.
 * @throws LanewiseError kind 'argument' for what is no object, an unknown name, and what a check refuses.
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
    else if (value === null) refuse(owner, name, value, 'a value, or that it is not given');
  }
  return options;
}

/** The largest number of float32, in which kernels compute: one beyond it would be infinite there. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** Whether a value is a number that is finite in float32. */
export const isFloat = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= LARGEST;

/** What was expected of a number; of one that is too large, so much. */
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

/** A whole number from `least` to `most`; beyond 2⁵³ numbers are whole by accident. */
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

/** A whole number of at least 1: how many, how large. */
export const extent: Check = /* @__PURE__ */ wholeFrom(1);

/** An AbortSignal, of whichever realm. */
export const abortSignal: Check = (owner, name, value) => {
  if (typeof (value as Partial<AbortSignal> | null)?.aborted !== 'boolean')
    refuse(owner, name, value, "an AbortController's signal");
};

/** An object, such as one of options. */
export const object: Check = (owner, name, value) => {
  if (!isObject(value)) refuse(owner, name, value, 'an object');
};

/** An array, or a typed one. */
export const list: Check = (owner, name, value) => {
  if (!isList(value)) refuse(owner, name, value, 'a list');
};

/** A list of what `check` lets pass each, `least` to `most` of them. */
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

/** One of what `check` lets pass, or two of it, such as for height and width. */
/* @__NO_SIDE_EFFECTS__ */
export const oneOrTwo = (check: Check): Check => listOr(check, listOf(check, 2, 2));

/** What `oneOrTwo` lets pass, as a pair. */
export const pairOf = <T>(value: T | readonly [T, T]): readonly [T, T] =>
  Array.isArray(value) ? (value as unknown as readonly [T, T]) : [value as T, value as T];

/** What one of two checks lets pass: `check` what is a list, `other` all else. */
/* @__NO_SIDE_EFFECTS__ */
export const listOr =
  (other: Check, check: Check): Check =>
  (owner, name, value) =>
    (Array.isArray(value) ? check : other)(owner, name, value);

/** One of a closed set of names, or of numbers. */
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
  if (typeof value !== 'string' || value === '') refuse(owner, name, value, 'a text');
};

export const callable: Check = (owner, name, value) => {
  if (typeof value !== 'function') refuse(owner, name, value, 'a function');
};

function rangeOf(what: string, low: number, high: number): string {
  if (high === Infinity)
    return low === -Infinity ? `${what} that is finite` : `${what} of at least ${low}`;
  return low === -Infinity ? `${what} of at most ${high}` : `${what} from ${low} to ${high}`;
}

/** @throws LanewiseError kind 'argument' for what is no list, by its name. */
export function checkLists(owner: string, lists: Readonly<Record<string, unknown>>): void {
  for (const [name, list] of Object.entries(lists))
    if (!isList(list)) refuse(owner, name, list, 'a list');
}
