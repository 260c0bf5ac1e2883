/** The spacing of a series' times, what follows a time, and the season that suits it. */
import { LanewiseError } from '../base/errors.js';
import type { Spacing } from './series-format.js';
import { isMonthEnd, monthOf, monthsLater, type CalendarPart, type TimeLayout } from './times.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/**
 * The spacing of times in rising order, of one or several series: months if all are on the same day of a month, else
 * the most frequent distance.
 * @throws LanewiseError kind 'data' if there is no pair of times.
 */
export function spacingOf(
  what: string,
  series: readonly ArrayLike<number>[],
  layout: TimeLayout,
): Spacing {
  if (!series.some((times) => times.length > 1))
    throw new LanewiseError('data', `${what}: no series has two rows, expected more`);
  const months = layout === 'number' ? undefined : monthsOf(series);
  if (months) return months;
  const counts = new Map<number, number>();
  for (const times of series)
    for (let i = 1; i < times.length; i++) {
      const exact = times[i]! - times[i - 1]!;
      // Differences of fractions, such as 0.3 − 0.2, are not quite equal.
      const distance = layout === 'number' ? Number(exact.toPrecision(9)) : exact;
      counts.set(distance, (counts.get(distance) ?? 0) + 1);
    }
  let [every, most] = [0, 0];
  for (const [distance, count] of counts)
    if (count > most || (count === most && distance < every)) [every, most] = [distance, count];
  return { unit: layout === 'number' ? 'number' : 'milliseconds', every };
}

/** The spacing of times on the same day of months, or on their last days; undefined for others. */
function monthsOf(series: readonly ArrayLike<number>[]): Spacing | undefined {
  let every = 0;
  let [isSameDay, isLast] = [true, true];
  const first = series.find((times) => times.length > 0)![0]!;
  const placeInMonth = (time: number) => time - monthsLater(0, monthOf(time) - monthOf(0), false);
  for (const times of series)
    for (let i = 0; i < times.length; i++) {
      isSameDay &&= placeInMonth(times[i]!) === placeInMonth(first);
      isLast &&= isMonthEnd(times[i]!) && (times[i]! - first) % DAY === 0;
      if (!isSameDay && !isLast) return undefined;
      if (i > 0) every = greatestDivisor(monthOf(times[i]!) - monthOf(times[i - 1]!), every);
    }
  return every === 0 ? undefined : { unit: isSameDay ? 'months' : 'monthEnds', every };
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** The rows from one time to another, a whole number if both are in the rhythm; NaN if they never are. */
export function stepsBetween(from: number, to: number, { unit, every }: Spacing): number {
  if (unit !== 'months' && unit !== 'monthEnds') {
    const steps = (to - from) / every;
    // Times that are fractions, such as 0.1, 0.2 and 0.3, are rounded.
    const whole = Math.round(steps);
    return unit === 'number' && Math.abs(steps - whole) < 1e-6 * Math.max(1, whole) ? whole : steps;
  }
  const months = monthOf(to) - monthOf(from);
  return monthsLater(from, months, unit === 'monthEnds') === to ? months / every : NaN;
}

/** The time that many rows later. */
export const timeAfter = (time: number, rows: number, { unit, every }: Spacing): number =>
  unit === 'months' || unit === 'monthEnds'
    ? monthsLater(time, rows * every, unit === 'monthEnds')
    : time + rows * every;

/** The rows of a season: a day, a week of days, a year of weeks, months or quarters; 1 for others. */
export function usualSeason({ unit, every }: Spacing): number {
  if (unit === 'months' || unit === 'monthEnds')
    return every < 12 && 12 % every === 0 ? 12 / every : 1;
  if (unit !== 'milliseconds') return 1;
  if (every < DAY) return DAY % every === 0 ? DAY / every : 1;
  if (every === DAY) return 7;
  return every === 7 * DAY ? 52 : 1;
}

/** The parts of the calendar that change from row to row, or within a year of rows. */
export function usualCalendar({ unit, every }: Spacing): CalendarPart[] {
  if (unit === 'months' || unit === 'monthEnds') return every < 12 ? ['month'] : [];
  if (unit !== 'milliseconds') return [];
  if (every < DAY) return ['hour', 'weekday', 'month'];
  return every < 7 * DAY ? ['weekday', 'month'] : ['month'];
}

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', 60 * SECOND],
  ['second', SECOND],
  ['millisecond', 1],
];

/** `an hour`, `15 minutes`, `a month`, `a row` */
export function spacingInWords({ unit, every }: Spacing): string {
  const said = (count: number, one: string) =>
    count === 1 ? `${one === 'hour' ? 'an' : 'a'} ${one}` : `${count} ${one}s`;
  if (unit === 'rows') return 'a row';
  if (unit === 'number') return String(every);
  if (unit === 'milliseconds') {
    const [one, size] = UNITS.find(([, size]) => every % size === 0) ?? UNITS.at(-1)!;
    return said(every / size, one);
  }
  return every % 12 === 0 ? said(every / 12, 'year') : said(every, 'month');
}

/** `the hour a day before`, as the season of a forecast that repeats it is called. */
export function seasonInWords(season: number, { unit, every }: Spacing): string {
  if (unit === 'months' || unit === 'monthEnds')
    return `${spacingInWords({ unit, every: season * every })} before`;
  return unit === 'milliseconds'
    ? `${spacingInWords({ unit, every: season * every })} before`
    : `${season} rows before`;
}
