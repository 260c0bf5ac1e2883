/**
 * The one error class of Lanewise. A message names the subject, the value found and what was expected; `hint` says what
 * to do next. Any other thrown error is a bug.
 */

/**
 * The category of a LanewiseError, for programs to branch on. `engine`: the JavaScript engine lacks or refuses
 * something; `platform`: its environment does, such as files in a page.
 */
export type ErrorKind =
  'argument' | 'shape' | 'data' | 'file' | 'network' | 'memory' | 'engine' | 'platform';

/** The one error that this package throws: what was found, what was expected, and often a remedy. */
export class LanewiseError extends Error {
  override readonly name = 'LanewiseError';

  /** Takes the fault in one sentence and, separately, the remedy. */
  constructor(
    readonly kind: ErrorKind,
    message: string,
    /** The reader's next step, in one sentence. */
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(brief(message), options);
  }
}

/** Length beyond which quoted names are shortened: names in files may be of any length. */
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
 * The entry of a table under a name that came from outside; `what` names the table's contents.
 * @throws LanewiseError kind 'argument' for an unknown name, with the known ones and the hint of `hintOf`, by default
 * the nearest name.
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

/** A value in a message, always short. */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (ArrayBuffer.isView(value)) return withArticle(value.constructor.name);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** `a Float64Array`, `an Int8Array` */
const withArticle = (name: string): string => `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;

/** `did you mean 'lenet5'?`, or nothing when no candidate is near. */
export function nearest(found: string, candidates: readonly string[]): string | undefined {
  if (typeof found !== 'string') return undefined;
  let [name, least] = [
    undefined as string | undefined,
    Math.max(Math.min(2, found.length / 2), found.length / 3),
  ];
  for (const candidate of candidates) {
    // Candidates whose length differs by more are not near.
    if (Math.abs(candidate.length - found.length) > least) continue;
    const edits = distance(found.toLowerCase(), candidate.toLowerCase());
    if (edits > least || (name !== undefined && edits === least)) continue;
    [name, least] = [candidate, edits];
  }
  return name === undefined ? undefined : `did you mean '${name}'?`;
}

/** Number of letters to insert, delete, replace or swap with the next to turn a into b (Damerau 1964). */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const isSwapped = j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      next.push(
        Math.min(
          next[j]! + 1,
          row[j + 1]! + 1,
          row[j]! + Number(a[i] !== b[j]),
          isSwapped ? before[j - 1]! + 1 : Infinity,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row.at(-1)!;
}
