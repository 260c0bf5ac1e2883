/**
 * The one error class of Lanewise. A message names the thing, the value found and what was expected;
 * `hint` says what to do next. Anything else that is thrown is a bug.
 */

/**
 * What a LanewiseError is about; programs branch on it. `engine`: the JavaScript engine lacks or refuses something;
 * `platform`: the place it runs in does, such as files in a page.
 */
export type ErrorKind =
  'argument' | 'shape' | 'data' | 'file' | 'network' | 'memory' | 'engine' | 'platform';

/** The one error that this package throws: what was found, what was expected, and often what to do. */
export class LanewiseError extends Error {
  override readonly name = 'LanewiseError';

  /** Says what is wrong in one sentence, and next to it what to do. */
  constructor(
    readonly kind: ErrorKind,
    message: string,
    /** What the reader can do next, one sentence. */
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(brief(message), options);
  }
}

/** Names in files may have any length: a message shows the beginning of one so long, and is no book itself. */
const LONG = 300;
const LONGEST = 5000;

function brief(message: string): string {
  if (message.length <= LONG) return message;
  const cut = message.replace(
    /(['"])[^'"\n]{301,}\1/g,
    (text, mark: string) => `${text.slice(0, 101)}… (${text.length - 2} characters)${mark}`,
  );
  return cut.length <= LONGEST ? cut : `${cut.slice(0, LONGEST)}… (${message.length} characters)`;
}

/**
 * The entry of a table under a name that came from outside; `what` is what the table holds.
 * @throws LanewiseError kind 'argument' for an unknown name, with the known ones and what `hintOf` says, the nearest unless
 * there are other libraries' names too.
 */
export function lookUp<T>(
  what: string,
  table: Readonly<Record<string, T>>,
  name: string,
  hintOf = nearest,
): T {
  if (Object.hasOwn(table, name)) return table[name]!;
  const known = Object.keys(table);
  throw new LanewiseError(
    'argument',
    `unknown ${what} ${typeof name === 'string' ? `'${name}'` : show(name)}, expected one of ${known.join(', ')}`,
    hintOf(name, known),
  );
}

/** A value in a message, short whatever it is. */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** `did you mean 'lenet5'?`, or nothing when no candidate is near. */
export function nearest(found: string, candidates: readonly string[]): string | undefined {
  if (typeof found !== 'string') return undefined;
  let [name, least] = [
    undefined as string | undefined,
    Math.max(Math.min(2, found.length / 2), found.length / 3),
  ];
  for (const candidate of candidates) {
    // What is so much longer or shorter is not near, whatever it says.
    if (Math.abs(candidate.length - found.length) > least) continue;
    const edits = distance(found.toLowerCase(), candidate.toLowerCase());
    if (edits > least || (name !== undefined && edits === least)) continue;
    [name, least] = [candidate, edits];
  }
  return name === undefined ? undefined : `did you mean '${name}'?`;
}

/** Letters to insert, leave out or replace to make `b` of `a` (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + Number(a[i] !== b[j])));
    row = next;
  }
  return row.at(-1)!;
}
