/** Which settings of a sweep are better: their scores at some epoch, and the order of the table. */
import type { EpochRecord } from '../../train/history.js';
import type { Monitor } from '../../train/monitor.js';
import type { SweepRow } from './sweep-file.js';

/** The figure that decides. */
export interface Judge {
  readonly figure: string;
  readonly better: 'higher' | 'lower';
}

/** The named figure of an epoch: `valLoss`, `valAccuracy`, or one of the run's metrics. */
export const figureIn = (record: EpochRecord, figure: string): number | undefined =>
  (record as unknown as Readonly<Record<string, number | undefined>>)[figure] ??
  record.metrics?.[figure];

/**
 * The epoch whose weights a run would give that ends with this history: the last one that was scored, or the best one if the
 * run keeps its best.
 */
function epochThatCounts(
  history: readonly EpochRecord[],
  { figure }: Judge,
  keeps: Pick<Monitor, 'name' | 'better'> | undefined,
): EpochRecord | undefined {
  const scored = history.filter((record) => figureIn(record, figure) !== undefined);
  if (!keeps) return scored.at(-1);
  const sign = keeps.better === 'higher' ? 1 : -1;
  const valueOf = (record: EpochRecord) => sign * (figureIn(record, keeps.name) ?? NaN);
  // The first of equals, as runs keep it.
  return scored.reduce<EpochRecord | undefined>(
    (best, record) => (best && !(valueOf(record) > valueOf(best)) ? best : record),
    undefined,
  );
}

/** The figure after a history, and the validation loss, which decides between equals. */
export interface Score {
  readonly value: number;
  readonly loss: number;
}

export function scoreAfter(
  history: readonly EpochRecord[],
  judge: Judge,
  keeps: Pick<Monitor, 'name' | 'better'> | undefined,
): Score | undefined {
  const record = epochThatCounts(history, judge, keeps);
  return (
    record && { value: figureIn(record, judge.figure)!, loss: figureIn(record, 'valLoss') ?? 0 }
  );
}

/** Sorts the better one first; settings without a score come last. */
export function compareScores(
  a: Score | undefined,
  b: Score | undefined,
  better: Judge['better'],
): number {
  if (!a || !b) return Number(!a) - Number(!b);
  const sign = better === 'higher' ? -1 : 1;
  return sign * (a.value - b.value) || a.loss - b.loss;
}

const STATES: readonly SweepRow['state'][] = ['finished', 'dropped', 'waiting', 'diverged'];

/** The rows, best first: those that trained whole, then those that were dropped later, each by score. */
export function ranked(rows: readonly SweepRow[], judge: Judge): SweepRow[] {
  const scoreOf = ({ score, tie }: SweepRow): Score | undefined =>
    score === undefined ? undefined : { value: score, loss: tie ?? 0 };
  return rows.toSorted(
    (a, b) =>
      STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
      (a.state === 'finished' ? 0 : b.history.length - a.history.length) ||
      compareScores(scoreOf(a), scoreOf(b), judge.better) ||
      a.number - b.number,
  );
}
