/**
 * Checks of JSON from outside, such as a log's or a checkpoint's. They are those of check.ts, by tables of fields;
 * errors name the place in the file. A check that returns a value has read the input as that value.
 */
import { isObject, object, refuse, type Check } from './check.js';
import { LanewiseError, type ErrorKind } from './errors.js';

/**
 * The contents of a text that should be JSON; `what` names it.
 * @throws LanewiseError of the given kind for other text.
 */
export function parseJson(kind: ErrorKind, what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LanewiseError(kind, `${what} is not JSON: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

/**
 * A value as `check` reads it; `name` is its place in `owner`, such as a file, and may be empty.
 * @throws LanewiseError of the given kind for a value that the check refuses.
 */
export function readAs<T>(
  kind: ErrorKind,
  owner: string,
  name: string,
  value: unknown,
  check: Check,
  hint?: string,
): T {
  try {
    return read(check, owner, name, value) as T;
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    // JSON has no undefined values.
    throw new LanewiseError(
      kind,
      error.message.replace(' is undefined,', ' is missing,'),
      error.hint ?? hint,
    );
  }
}

function read(check: Check, owner: string, name: string, value: unknown): unknown {
  const found = check(owner, name, value);
  return found === undefined ? value : found;
}

/**
 * An object with these fields, by their checks; a field whose name ends in `?` may be missing. Other fields are allowed
 * if `more`.
 */
/* @__NO_SIDE_EFFECTS__ */
export const fields =
  (checks: Readonly<Record<string, Check>>, more = false): Check =>
  (owner, name, value) => {
    if (!isObject(value)) return object(owner, name || 'the whole', value);
    const found: Record<string, unknown> = more ? { ...value } : {};
    for (const [key, check] of Object.entries(checks)) {
      const field = key.replace('?', '');
      if (field !== key && value[field] === undefined) continue;
      found[field] = read(check, owner, name ? `${name}.${field}` : field, value[field]);
    }
    return found;
  };

/** An object of any names, whose values pass `check`. */
/* @__NO_SIDE_EFFECTS__ */
export const tableOf =
  (check: Check): Check =>
  (owner, name, value) =>
    fields(
      Object.fromEntries(Object.keys(isObject(value) ? value : {}).map((key) => [key, check])),
    )(owner, name, value);

/** A list of values that pass `check`, as it reads them; at most `most`. */
/* @__NO_SIDE_EFFECTS__ */
export const listed =
  (check: Check, most = Infinity): Check =>
  (owner, name, value) => {
    if (!Array.isArray(value) || value.length > most)
      refuse(owner, name, value, most === Infinity ? 'a list' : `a list of at most ${most}`);
    return (value as readonly unknown[]).map((one, i) => read(check, owner, `${name}[${i}]`, one));
  };

/** A value that JSON, without NaN and infinities, writes as null; `value` is the one meant. */
/* @__NO_SIDE_EFFECTS__ */
export const orNull =
  (check: Check, value: unknown): Check =>
  (owner, name, found) =>
    found === null ? value : check(owner, name, found);

/** Text, possibly empty. */
export const string: Check = (owner, name, value) => {
  if (typeof value !== 'string') refuse(owner, name, value, 'a text');
};

/** A finite number in double precision. */
export const double: Check = (owner, name, value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(owner, name, value, 'a number');
};

/** A number of at least 0 in double precision. */
export const amount: Check = (owner, name, value) => {
  double(owner, name, value);
  if ((value as number) < 0) refuse(owner, name, value, 'a number of at least 0');
};
