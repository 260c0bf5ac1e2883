/**
 * Results as a file: what was measured, where, and how to read it back. Such files come from elsewhere, so nothing in
 * them is taken on trust: every field is checked, text for what a terminal or page would take for a command.
 */
import type { Numerics } from '../engine/features.js';
import { LanewiseError, show } from '../errors.js';
import type { Spread } from './measure.js';
import { units, type Unit } from './workload.js';

export interface Engine {
  /** `node`, `deno`, `bun`, `chromium`, `firefox`, … */
  readonly name: string;
  readonly version: string;
}

/** What threads the place lends: on one shared memory, one with its own, none but the calling one. */
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
  /** Share of what registers alone do on that many threads; null where that says nothing. */
  readonly ofCeiling: number | null;
  readonly note?: string;
}

/** Where and how rows were measured. */
export interface Circumstances {
  readonly lanewise: string;
  /** ISO 8601. */
  readonly date: string;
  readonly engine: Engine;
  /** The model, where the runtime tells: a browser does not. */
  readonly cpu: string | null;
  readonly cores: number;
  readonly numerics: Numerics;
  readonly threads: (typeof threadModes)[number];
  /** Spent on each workload. */
  readonly seconds: number;
}

export interface Results extends Circumstances {
  readonly format: 'lanewise-bench';
  readonly formatVersion: 1;
  readonly rows: readonly Row[];
}

/** A file of results is smaller; look before reading it. */
export const MOST_RESULT_BYTES = 1 << 20;

const MOST_ROWS = 1000;
const MOST_CHARACTERS = 200;
const MOST_THREADS = 4096;
/** Milliseconds a call, GFLOP/s, images/s: no measurement is beyond. */
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
  const { object, refuse } = readerOf(file);
  if (text.length > MOST_RESULT_BYTES)
    throw new LanewiseError(
      'file',
      `'${file}' has ${text.length} characters, and results of lanewise bench at most ${MOST_RESULT_BYTES}`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LanewiseError(
      'file',
      `'${file}' is no JSON: it is damaged, or no results`,
      undefined,
      {
        cause: error,
      },
    );
  }
  const all = object('the whole', value);
  if (all.value['format'] !== 'lanewise-bench')
    refuse('format', all.value['format'], "'lanewise-bench'");
  if (all.value['formatVersion'] !== 1) refuse('formatVersion', all.value['formatVersion'], '1');
  const engine = object('engine', all.value['engine']);
  const rows = all.value['rows'];
  if (!Array.isArray(rows) || rows.length > MOST_ROWS)
    return refuse('rows', rows, `an array of at most ${MOST_ROWS}`);
  return resultsOf(
    {
      lanewise: all.text('lanewise'),
      date: all.date('date'),
      engine: { name: engine.text('name'), version: engine.text('version') },
      cpu: all.value['cpu'] === null ? null : all.text('cpu'),
      cores: all.whole('cores'),
      numerics: all.oneOf('numerics', ['fused', 'strict']),
      threads: all.oneOf('threads', threadModes),
      seconds: all.figure('seconds'),
    },
    parseRows(rows, file),
  );
}

function parseRows(rows: readonly unknown[], file: string): Row[] {
  const { object, refuse } = readerOf(file);
  const known = new Set<string>();
  return rows.map((each, i) => {
    const at = `rows[${i}]`;
    const row = object(at, each);
    const [workload, threads, value] = [
      row.text('workload'),
      row.whole('threads'),
      row.figure('value'),
    ];
    const key = rowName({ workload, threads });
    if (known.has(key)) refuse(at, key, 'no second row of it');
    known.add(key);
    const spread = row.value['spread'];
    if (!Array.isArray(spread) || spread.length !== 2)
      return refuse(`${at}.spread`, spread, 'two numbers');
    const [low, high] = [0, 1].map((j) => object(`${at}.spread`, spread).figure(String(j))) as [
      number,
      number,
    ];
    if (!(low <= value && value <= high))
      refuse(`${at}.spread`, `${low} to ${high}`, `a range around its value, ${value}`);
    const note = row.value['note'] === undefined ? {} : { note: row.text('note') };
    return {
      workload,
      threads,
      value,
      unit: row.oneOf('unit', units),
      spread: [low, high],
      medianMs: row.figure('medianMs'),
      minMs: row.figure('minMs'),
      ofCeiling: row.value['ofCeiling'] === null ? null : row.figure('ofCeiling'),
      ...note,
    };
  });
}

/** `lenet5-b64, 2 threads`: rows of two results with this name are of the same. */
export const rowName = ({ workload, threads }: Pick<Row, 'workload' | 'threads'>): string =>
  `${workload}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;

/** Reads the fields of objects in a file. */
function readerOf(file: string) {
  function refuse(field: string, found: unknown, expected: string): never {
    // What was found is from the file: short, and without what a terminal obeys.
    const shown = typeof found === 'string' ? `'${printable(found)}'` : show(found);
    throw new LanewiseError(
      'file',
      `'${file}' is no results of lanewise bench: ${field} is ${shown}, expected ${expected}`,
    );
  }

  function object(path: string, found: unknown) {
    if (typeof found !== 'object' || found === null) refuse(path, found, 'an object');
    const value = found as Readonly<Record<string, unknown>>;
    const inside = (name: string): string => (path === 'the whole' ? name : `${path}.${name}`);
    return {
      value,
      text(name: string): string {
        const text = value[name];
        if (typeof text !== 'string' || text.length > MOST_CHARACTERS || printable(text) !== text)
          return refuse(
            inside(name),
            text,
            `printable text of at most ${MOST_CHARACTERS} characters`,
          );
        return text;
      },
      date(name: string): string {
        const text = value[name];
        if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]{1,20}Z$/.test(text))
          return refuse(inside(name), text, 'a date such as 2026-01-31T12:00:00.000Z');
        return text;
      },
      figure(name: string): number {
        const number = value[name];
        if (typeof number !== 'number' || !(number > 0 && number <= MOST))
          return refuse(inside(name), number, 'a number above 0');
        return number;
      },
      whole(name: string): number {
        const number = value[name];
        if (
          typeof number !== 'number' ||
          !Number.isInteger(number) ||
          number < 1 ||
          number > MOST_THREADS
        )
          return refuse(inside(name), number, `a whole number from 1 to ${MOST_THREADS}`);
        return number;
      },
      oneOf<T extends string>(name: string, choices: readonly T[]): T {
        const found = choices.find((choice) => choice === value[name]);
        return found ?? refuse(inside(name), value[name], `one of ${choices.join(', ')}`);
      },
    };
  }
  return { object, refuse };
}

/** Without control and format characters: escape sequences, marks that turn the order of text. */
const printable = (text: string): string =>
  text.slice(0, MOST_CHARACTERS).replace(/[\p{Cc}\p{Cf}]/gu, '');
