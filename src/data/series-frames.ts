/**
 * Frames: rows of a series in the order of time, evenly spaced, without gaps, one frame for each series. Windows are cut
 * from them, and the rows that follow are forecast from their ends.
 */
import { shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { SeriesFormat, SeriesGaps, Spacing } from './series-format.js';
import type { GatheredRows } from './series-rows.js';
import { spacingInWords, spacingOf, stepsBetween, timeAfter } from './spacing.js';
import { layoutOfTimes, timeReader, timeWriter, type TimeLayout } from './times.js';

/** One series. */
export interface Frame {
  /** Its name; empty if there is one series. */
  readonly key: string;
  /** Milliseconds since 1970, numbers, or without times rows from 0. */
  readonly times: Float64Array;
  /** The numbers of each column; of the rows ahead only columns that are known in advance count. */
  readonly columns: readonly Float64Array[];
  /** Rows with values of the targets; those after them are ahead. */
  readonly rows: number;
}

/** What is known of the times before they are read, from a model or from options. */
export interface FrameRules {
  readonly layout?: TimeLayout;
  readonly spacing?: Spacing;
  readonly missing: SeriesGaps;
  /** Rows to add after the last one that there is; default 0. */
  readonly ahead?: number;
  /** What to do about a gap that is refused; default the choices of `missing`. */
  readonly advice?: string;
}

/** Frames with how their times are written and spaced. */
export interface Frames {
  readonly frames: readonly Frame[];
  readonly layout?: TimeLayout;
  readonly spacing: Spacing;
}

/** Most rows that gaps may add, for each row that there is: one wrong date must not fill the memory. */
const MOST_FILLED = 10;

type Roles = Pick<SeriesFormat, 'time' | 'targets' | 'features' | 'known'>;

/**
 * @throws LanewiseError kind 'data' naming the line of a time that is none, that comes twice, or that is out of the
 * rhythm; of a gap, unless `missing` says what fills it; and of a missing value.
 */
export function framesOf(rows: GatheredRows, roles: Roles, rules: FrameRules): Frames {
  const { name, count } = rows;
  if (count === 0) throw new LanewiseError('data', `'${name}' has no rows`);
  const isByRows = rules.spacing?.unit === 'rows';
  const groups = groupsOf(rows);
  const what = `'${name}', column '${roles.time}'`;
  const layout =
    roles.time === undefined
      ? undefined
      : (rules.layout ?? layoutOfTimes(what, rows.times, rows.where));
  const times = layout ? readTimes(what, rows, layout) : undefined;
  if (times) for (const indices of groups.values()) inOrder(what, rows, indices, times, isByRows);
  const spacing =
    rules.spacing ??
    (layout
      ? spacingOf(
          what,
          [...groups.values()].map((indices) => indices.map((row) => times![row]!)),
          layout,
        )
      : { unit: 'rows', every: 1 });
  const frames = [...groups].map(([key, indices]) => {
    const places = placesOf(what, rows, indices, isByRows ? undefined : times, spacing, layout);
    const filled = filledFrame(key, rows, roles, indices, places, rules);
    const first = times ? times[indices[0]!]! : 0;
    // Rows that are only counted keep their times; those ahead of them have none, and take the last one.
    const timeAt = (place: number): number =>
      isByRows && times
        ? times[indices[Math.min(place, indices.length - 1)]!]!
        : timeAfter(first, place, spacing);
    return {
      ...filled.frame,
      times: Float64Array.from({ length: filled.length }, (_, i) => timeAt(filled.start + i)),
    };
  });
  return { frames, spacing, ...(layout ? { layout } : {}) };
}

/** The rows of each series, in the order in which they came. */
function groupsOf({ keys, count }: GatheredRows): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < count; row++) {
    const key = keys[row] ?? '';
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

function readTimes(what: string, { times, where }: GatheredRows, layout: TimeLayout): Float64Array {
  const read = timeReader(layout);
  return Float64Array.from(times, (text, row) => {
    const time = read(text);
    if (Number.isFinite(time)) return time;
    throw new LanewiseError(
      'data',
      `${what}, ${where(row)}: '${shorten(text)}' is not a time written as ${layout}`,
    );
  });
}

/**
 * Sorts rows by their times; those of one time keep their order where rows are only counted.
 * @throws LanewiseError kind 'data' for two rows of one time.
 */
function inOrder(
  what: string,
  { where, times: texts, keys }: GatheredRows,
  indices: number[],
  times: Float64Array,
  isByRows: boolean,
): void {
  indices.sort((a, b) => times[a]! - times[b]! || a - b);
  if (isByRows) return;
  const second = indices.findIndex((row, i) => i > 0 && times[indices[i - 1]!] === times[row]);
  if (second < 0) return;
  const [one, two] = [indices[second - 1]!, indices[second]!];
  throw new LanewiseError(
    'data',
    `${what}: '${shorten(texts[one]!)}' stands in ${where(one)} and in ${where(two)}, expected once`,
    keys.length > 0
      ? `keep one of the two rows${CLOCKS}`
      : `if the rows are of several series, name the column that tells them apart (series), else keep one of the two${CLOCKS}`,
  );
}

/** An hour that a clock shows twice in autumn is told apart by its offset. */
const CLOCKS =
  '; if clocks were put back there, write times with their offset from UTC: 02:00+01:00';

/** The place of each row in the frame. @throws LanewiseError kind 'data' for a time between two places. */
function placesOf(
  what: string,
  { where, times: texts, keys }: GatheredRows,
  indices: readonly number[],
  times: Float64Array | undefined,
  spacing: Spacing,
  layout: TimeLayout | undefined,
): number[] {
  if (!times) return indices.map((_, i) => i);
  const first = times[indices[0]!]!;
  return indices.map((row, i) => {
    const steps = stepsBetween(first, times[row]!, spacing);
    if (Number.isInteger(steps)) return steps;
    const before = indices[i - 1]!;
    const next = timeAfter(times[before]!, 1, spacing);
    throw new LanewiseError(
      'data',
      `${what}, ${where(row)}: '${shorten(texts[row]!)}' follows '${shorten(texts[before]!)}'${keys.length > 0 ? ` of '${shorten(keys[row]!)}'` : ''}, expected ${spacingInWords(spacing)} later: ${timeWriter(layout!)(next)}`,
      'spacing: rows takes the rows as evenly spaced, whatever their times are',
    );
  });
}

/** A frame without times, its rows in the file's rhythm from `start`. */
function filledFrame(
  key: string,
  rows: GatheredRows,
  { targets, features, known }: Roles,
  indices: readonly number[],
  places: readonly number[],
  { missing, ahead = 0, advice }: FrameRules,
): { frame: Omit<Frame, 'times'>; start: number; length: number } {
  const steps = places.at(-1)! + 1;
  checkGaps(rows, indices, places, { missing, advice });
  const columns = rows.values.map((values) => {
    const column = new Float64Array(steps).fill(NaN);
    indices.forEach((row, i) => (column[places[i]!] = values[row]!));
    return column;
  });
  const has = (column: Float64Array, i: number) => !Number.isNaN(column[i]!);
  const ofTargets = columns.slice(0, targets.length);
  // Rows after the last target say what is known in advance, and only columns with a role ahead allow them.
  let end = steps;
  if (known.length > 0 || missing !== 'refuse')
    while (end > 0 && !ofTargets.some((column) => has(column, end - 1))) end--;
  let start = 0;
  if (missing !== 'refuse')
    while (start < end && !columns.every((column) => has(column, start))) start++;
  const isAhead = (c: number) => c >= targets.length + features.length;
  const last = known.length > 0 ? steps : end;
  const all = columns.map((column, c) => {
    const until = isAhead(c) ? last : end;
    const part = column.slice(start, until);
    fill(part, missing, (i) => {
      const row = indices[places.indexOf(start + i)]!;
      throw new LanewiseError(
        'data',
        `'${rows.name}' ${rows.where(row)}, column '${[...targets, ...features, ...known][c]}': the value is missing`,
        advice ?? RULES,
      );
    });
    const whole = new Float64Array(Math.max(last - start, end - start + ahead));
    whole.set(part);
    return whole;
  });
  const length = Math.max(last - start, end - start + ahead);
  return { frame: { key, columns: all, rows: end - start }, start, length };
}

const RULES =
  "missing: 'last' takes the value before, missing: 'interpolate' draws a line to the next one";

/** @throws LanewiseError kind 'data' for rows that are missing, or too many of them to be filled in. */
function checkGaps(
  { name, where, times }: GatheredRows,
  indices: readonly number[],
  places: readonly number[],
  { missing, advice }: { missing: SeriesGaps; advice: string | undefined },
): void {
  const steps = places.at(-1)! + 1;
  const gap = places.findIndex((place, i) => i > 0 && place !== places[i - 1]! + 1);
  if (gap < 0) return;
  const [before, after] = [indices[gap - 1]!, indices[gap]!];
  const many = places[gap]! - places[gap - 1]! - 1;
  const said = `${many === 1 ? 'a row is' : `${many} rows are`} missing between '${shorten(times[before]!)}' (${where(before)}) and '${shorten(times[after]!)}' (${where(after)})`;
  if (missing === 'refuse')
    throw new LanewiseError(
      'data',
      `'${name}': ${said}; ${steps - places.length} of ${steps} in all`,
      advice ?? `${RULES}; spacing: rows takes the rows as evenly spaced, such as trading days`,
    );
  if (steps > (MOST_FILLED + 1) * places.length)
    throw new LanewiseError(
      'data',
      `'${name}': ${said}; ${steps - places.length} rows would have to be filled in, expected at most ${MOST_FILLED} for each of the ${places.length}`,
      'correct the time, or take the rows as they are with spacing: rows',
    );
}

/** Fills NaN by the rule; the first value is there unless the rule is to refuse. */
function fill(values: Float64Array, missing: SeriesGaps, refuse: (index: number) => never): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]!)) continue;
    if (missing === 'refuse') refuse(i);
    let next = i;
    while (next < values.length && Number.isNaN(values[next]!)) next++;
    const before = values[i - 1]!;
    const step =
      missing === 'interpolate' && next < values.length
        ? (values[next]! - before) / (next - i + 1)
        : 0;
    for (let k = i; k < next; k++) values[k] = before + step * (k - i + 1);
    i = next;
  }
}
