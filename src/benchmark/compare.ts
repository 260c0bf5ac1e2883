/** The comparison of two results, row by row: by what factor the second is better, and whether that is noise. */
import { LanewiseError } from '../base/errors.js';
import type { Spread } from './measure.js';
import { rowName, type Results } from './results.js';
import { isSpeed, type Unit } from './workload.js';

export type Verdict = 'better' | 'worse' | 'within noise';

export interface ComparedRow {
  readonly workload: string;
  readonly threads: number;
  readonly unit: Unit;
  readonly a: number;
  readonly b: number;
  /** How many times as fast, or as small, b is compared with a: above 1 it is better. */
  readonly ratio: number;
  /** The smallest and largest ratio of values from the two middle halves. */
  readonly spread: Spread;
  /** The verdict on b. */
  readonly verdict: Verdict;
}

export interface Comparison {
  readonly rows: readonly ComparedRow[];
  /** Names of rows that the other result lacks. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
  /** Differences other than figures: `engine (node 20.19.5, deno 2.9.6)`. */
  readonly differences: readonly string[];
}

/** A smaller difference counts as noise, however little the values scatter: each file's values come from one process. */
export const LEAST_DIFFERENCE = 0.03;

/** @throws LanewiseError kind 'file' if a row's unit differs between the two. */
export function compareResults(a: Results, b: Results): Comparison {
  const others = new Map(b.rows.map((row) => [rowName(row), row]));
  const names = new Set(a.rows.map(rowName));
  const rows = a.rows.flatMap((row): ComparedRow[] => {
    const other = others.get(rowName(row));
    if (!other) return [];
    const { workload, threads, unit } = row;
    if (other.unit !== unit)
      throw new LanewiseError(
        'file',
        `cannot compare ${rowName(row)}: it is in ${unit} in the first file, in ${other.unit} in the second`,
      );
    const [better, worse] = isSpeed(unit) ? [other, row] : [row, other];
    const ratio = better.value / worse.value;
    const spread = [
      better.spread[0] / worse.spread[1],
      better.spread[1] / worse.spread[0],
    ] as const;
    const values = { a: row.value, b: other.value };
    return [{ workload, threads, unit, ...values, ratio, spread, verdict: judge(ratio, spread) }];
  });
  return {
    rows,
    onlyA: [...names].filter((name) => !others.has(name)),
    onlyB: [...others.keys()].filter((name) => !names.has(name)),
    differences: differencesOf(a, b),
  };
}

/** A difference is noise if the middle halves overlap, or if it is small. */
function judge(ratio: number, [low, high]: Spread): Verdict {
  if (low > 1 && ratio >= 1 + LEAST_DIFFERENCE) return 'better';
  if (high < 1 && ratio <= 1 / (1 + LEAST_DIFFERENCE)) return 'worse';
  return 'within noise';
}

function differencesOf(a: Results, b: Results): string[] {
  const told: Readonly<Record<string, (results: Results) => string>> = {
    engine: ({ engine }) => `${engine.name} ${engine.version}`,
    CPU: ({ cpu }) => cpu ?? 'not told',
    cores: ({ cores }) => String(cores),
    numerics: ({ numerics }) => numerics,
    threads: ({ threads }) => threads,
    lanewise: ({ lanewise }) => lanewise,
    seconds: ({ seconds }) => `${seconds} s`,
  };
  return Object.entries(told)
    .filter(([, of]) => of(a) !== of(b))
    .map(([what, of]) => `${what} (${of(a)}, ${of(b)})`);
}
