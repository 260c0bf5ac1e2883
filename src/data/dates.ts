/** Dates and times as they are written in tables, and the features that they become. */
import type { DatePart } from './table-format.js';

const CLOCK = '(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?';
const FULL = new RegExp(
  `^(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})(?:[T ,]+${CLOCK} ?(?:Z|UTC|[+-]\\d{2}:?\\d{2})?)?$`,
  'i',
);
const MONTH = /^(\d{4})[-/](\d{2})$/;
const TIME = new RegExp(`^${CLOCK}$`);

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const MINUTE = 60_000;
/** The mean year of the Gregorian calendar. */
const YEAR = 365.2425 * DAY;
/** The beginning of 2000, from which years are counted: a float32 then tells half-minutes apart. */
const ORIGIN = 946_684_800_000;
/** A Monday. */
const MONDAY = 4 * DAY;

/**
 * Milliseconds since 1970 of a date as its clock shows it, whatever its time zone; of a time, on the first day of 1970.
 * Undefined for any text but `2024-05-31`, `2024/5/31`, `2024-05`, `18:30`, and a date with a time.
 */
export function dateOf(text: string): number | undefined {
  const full = FULL.exec(text);
  if (full) {
    const [, year, , month, day, ...clock] = full;
    return dayAnd(Number(year), Number(month), Number(day), clock);
  }
  const month = MONTH.exec(text);
  if (month) return dayAnd(Number(month[1]), Number(month[2]), 1, []);
  const time = TIME.exec(text);
  return time ? dayAnd(1970, 1, 1, time.slice(1)) : undefined;
}

function dayAnd(
  year: number,
  month: number,
  day: number,
  [hours = '0', minutes = '0', seconds = '0', fraction = '0']: readonly (string | undefined)[],
): number | undefined {
  const begin = new Date(0);
  begin.setUTCFullYear(year, month - 1, day);
  const isDay = begin.getUTCMonth() === month - 1 && begin.getUTCDate() === day;
  if (!isDay || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60)
    return undefined;
  const clock = (Number(hours) * 60 + Number(minutes)) * 60 + Number(`${seconds}.${fraction}`);
  return begin.getTime() + clock * 1000;
}

/** The number of features of a part. */
export const widthOfPart = (part: DatePart): number => (part === 'time' ? 1 : 2);

/** The names of the features of a part. */
export const namesOfPart = (part: DatePart): readonly string[] =>
  part === 'time' ? ['time'] : [`cos of ${part}`, `sin of ${part}`];

/** Writes the features of a date: years since 2000, and the points of circles for year, week and day. */
export function writeDate(
  date: number,
  parts: readonly DatePart[],
  to: Float32Array,
  at: number,
): void {
  for (const part of parts) {
    if (part === 'time') to[at++] = (date - ORIGIN) / YEAR;
    else {
      const turn = turnOf(date, part);
      to[at++] = sine(turn + 0.25);
      to[at++] = sine(turn);
    }
  }
}

function turnOf(date: number, part: Exclude<DatePart, 'time'>): number {
  if (part === 'day') return fraction(date / DAY);
  if (part === 'week') return fraction((date - MONDAY) / WEEK);
  const [begin, end] = [new Date(date), new Date(date)];
  begin.setUTCMonth(0, 1);
  begin.setUTCHours(0, 0, 0, 0);
  end.setTime(begin.getTime());
  end.setUTCFullYear(begin.getUTCFullYear() + 1);
  return (date - begin.getTime()) / (end.getTime() - begin.getTime());
}

const fraction = (value: number): number => value - Math.floor(value);

/** sin(2π·turn) by its series, which rounds alike on every engine. */
function sine(turn: number): number {
  const whole = fraction(turn);
  // sin(π − x) = sin x: x is from −π/2 to π/2.
  const near = whole > 0.75 ? whole - 1 : whole > 0.25 ? 0.5 - whole : whole;
  const x = near * 6.283185307179586;
  let term = x;
  let sum = x;
  for (let n = 2; n <= 22; n += 2) {
    term *= (-x * x) / (n * (n + 1));
    sum += term;
  }
  return sum;
}

/** The parts that dates have: places in years and weeks unless all are times alone, and in days if any has a time. */
export function partsOf(dates: ArrayLike<number>): DatePart[] {
  const days = (date: number) => Math.floor(date / DAY);
  const known = Array.from(dates).filter((date) => !Number.isNaN(date));
  const areDays = known.some((date) => days(date) !== 0);
  const haveClock = !areDays || known.some((date) => date !== days(date) * DAY);
  return [
    ...(areDays ? (['time', 'year', 'week'] as const) : []),
    ...(haveClock ? (['day'] as const) : []),
  ];
}

/** A date, to the nearest minute, of the time that `writeDate` writes: float32 is about as fine. */
export const dateOfTime = (time: number): string =>
  new Date(Math.round((time * YEAR + ORIGIN) / MINUTE) * MINUTE).toISOString().slice(0, 16);
