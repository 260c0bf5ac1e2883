/**
 * The files of results: what was measured, where, and how to read it back. Such files may come from strangers, so
 * every field is checked, and text must not contain anything that a terminal or a page would interpret.
 */
import type { Numerics } from '../engine/features.js';
import { listOf, oneOf, refuse, wholeFrom, type Check } from '../base/check.js';
import { fields, listed, orNull, parseJson, readAs } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import type { Spread } from './measure.js';
import { units, type Unit } from './workload.js';

export interface Engine {
  /** `node`, `deno`, `bun`, `chromium`, `firefox`, … */
  readonly name: string;
  readonly version: string;
}

/** The threads that the runtime offers: several on one shared memory, one with its own, or only the calling one. */
export const threadModes = ['shared', 'own', 'none'] as const;

export interface Row {
  readonly workload: string;
  readonly threads: number;
  /** The median. */
  readonly value: number;
  readonly unit: Unit;
  /** The middle half of the values measured. */
  readonly spread: Spread;
  readonly medianMs: number;
  readonly minMs: number;
  /** Share of what registers alone do on that many threads; null if it has no meaning for the workload. */
  readonly ofCeiling: number | null;
  readonly note?: string;
}

/** The machine, the engine and the settings with which rows were measured. */
export interface Circumstances {
  readonly lanewise: string;
  /** ISO 8601. */
  readonly date: string;
  readonly engine: Engine;
  /** The processor's model; null if the runtime does not give it, as in browsers. */
  readonly cpu: string | null;
  readonly cores: number;
  readonly numerics: Numerics;
  readonly threads: (typeof threadModes)[number];
  /** Seconds spent on each workload. */
  readonly seconds: number;
}

export interface Results extends Circumstances {
  readonly format: 'lanewise-bench';
  readonly formatVersion: 1;
  readonly rows: readonly Row[];
}

/** The largest size of a file of results, checked before it is read. */
export const MOST_RESULT_BYTES = 1 << 20;

const MOST_ROWS = 1000;
const MOST_CHARACTERS = 200;
const MOST_THREADS = 4096;
/** The largest value of a measurement, in milliseconds a call, GFLOP/s or images/s. */
const MOST = 1e15;

export const resultsOf = (circumstances: Circumstances, rows: readonly Row[]): Results => ({
  format: 'lanewise-bench',
  formatVersion: 1,
  ...circumstances,
  rows,
});

/** The text of a file: JSON that people can read. */
export const printResults = (results: Results): string => `${JSON.stringify(results, null, 2)}\n`;

/**
 * Reads what `printResults` wrote; `file` is its name, for messages. Fields that are not known are left out.
 * @throws LanewiseError kind 'file' that names the field, what it is and what was expected.
 */
export function parseResults(text: string, file: string): Results {
  if (text.length > MOST_RESULT_BYTES)
    throw new LanewiseError(
      'file',
      `'${file}' has ${text.length} characters, and results of lanewise bench at most ${MOST_RESULT_BYTES}`,
    );
  const what = `'${file}'`;
  const results = readAs<Results>(
    'file',
    `${what} does not hold results of lanewise bench`,
    '',
    parseJson('file', what, text),
    RESULTS,
  );
  const { rows, format: _format, formatVersion: _version, ...circumstances } = results;
  return resultsOf(circumstances, rows);
}

/** A text that a terminal and a page may show. */
const printable: Check = (owner, name, value) => {
  const isShort = typeof value === 'string' && value.length <= MOST_CHARACTERS;
  if (!isShort || /[\p{Cc}\p{Cf}]/u.test(value))
    refuse(owner, name, value, `printable text of at most ${MOST_CHARACTERS} characters`);
};

const date: Check = (owner, name, value) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]{1,20}Z$/.test(value))
    refuse(owner, name, value, 'a date such as 2026-01-31T12:00:00.000Z');
};

const figure: Check = (owner, name, value) => {
  if (typeof value !== 'number' || !(value > 0 && value <= MOST))
    refuse(owner, name, value, 'a number above 0');
};

const ROW = fields({
  workload: printable,
  threads: wholeFrom(1, MOST_THREADS),
  value: figure,
  unit: oneOf(units),
  spread: listOf(figure, 2, 2),
  medianMs: figure,
  minMs: figure,
  ofCeiling: orNull(figure, null),
  'note?': printable,
});

/** Rows, checked by their tables of checks and for consistency. */
const rows: Check = (owner, name, value) => {
  const found = listed(ROW, MOST_ROWS)(owner, name, value) as readonly Row[];
  const known = new Set<string>();
  found.forEach((row, i) => {
    const at = `${name}[${i}]`;
    const key = rowName(row);
    if (known.has(key)) refuse(owner, at, key, 'no second row of it');
    known.add(key);
    const [low, high] = row.spread;
    if (!(low <= row.value && row.value <= high))
      refuse(owner, `${at}.spread`, row.spread, `a range around its value, ${row.value}`);
  });
  return found;
};

const RESULTS = fields({
  format: oneOf(['lanewise-bench']),
  formatVersion: oneOf([1]),
  lanewise: printable,
  date,
  engine: fields({ name: printable, version: printable }),
  cpu: orNull(printable, null),
  cores: wholeFrom(1, MOST_THREADS),
  numerics: oneOf(['fused', 'strict']),
  threads: oneOf(threadModes),
  seconds: figure,
  rows,
});

/** `lenet5-b64, 2 threads`: rows of two results with this name belong together. */
export const rowName = ({ workload, threads }: Pick<Row, 'workload' | 'threads'>): string =>
  `${workload}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
