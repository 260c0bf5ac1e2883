/**
 * Times as tables write them: one layout for a column (`YYYY-MM-DD HH:mm`), read into milliseconds since 1970 and
 * written back in the same form. Times without a zone are taken as they stand, so that no result depends on where it is
 * computed.
 */
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

/**
 * How the times of a column are written: tokens YYYY, MM or M, DD or D, HH, mm, ss, MMM and MMMM (Jan, January), ZZ (Z
 * or an offset) with what stands between them; or `seconds` and `milliseconds` since 1970, or `number` for steps of any unit.
 */
export type TimeLayout = string;

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
/** `jan(?:uary)?|…`; made when it is needed, so that programs without series do not carry it. */
const monthPattern = (): string =>
  MONTHS.map((name) => `${name.slice(0, 3)}(?:${name.slice(3)})?`).join('|');

const CLOCK = '(?:([T ,]+)\\d{1,2}:\\d{2}(:\\d{2}(?:\\.\\d+)?)?)?( ?(?:Z|[+-]\\d{2}:?\\d{2}))?';

/** The layouts of dates, by their form; the last three groups are the clock's: space, seconds, zone. */
const formsOf = (
  MONTH = monthPattern(),
): readonly (readonly [
  form: RegExp,
  layouts: (date: readonly string[]) => readonly string[],
])[] => [
  // 2010-01-31, 2010/01
  [
    new RegExp(`^\\d{4}([-/.])(\\d{1,2})(?:\\1(\\d{1,2}))?${CLOCK}$`),
    ([by, month, day]) => [`YYYY${by}${short('MM', month!)}${day ? by + short('DD', day) : ''}`],
  ],
  [/^(?:19|20)\d{2}[01]\d[0-3]\d()()()$/, () => ['YYYYMMDD']],
  // 31/1/2010 or 1/31/2010
  [
    new RegExp(`^(\\d{1,2})([-/.])(\\d{1,2})\\2\\d{4}${CLOCK}$`),
    ([one, by, two]) => [
      `${short('DD', one!)}${by}${short('MM', two!)}${by}YYYY`,
      `${short('MM', one!)}${by}${short('DD', two!)}${by}YYYY`,
    ],
  ],
  // Jan 31, 2010; January 2010
  [
    new RegExp(`^(${MONTH})([-. ]+)(?:(\\d{1,2})(,? ))?\\d{4}${CLOCK}$`, 'i'),
    ([month, by, day, then]) => [`${wordOf(month!)}${by}${day ? short('DD', day) + then : ''}YYYY`],
  ],
  // 31 Jan 2010, 31-Jan-2010
  [
    new RegExp(`^(\\d{1,2})([-. ]+)(${MONTH})([-. ,]+)\\d{4}${CLOCK}$`, 'i'),
    ([day, by, month, then]) => [`${short('DD', day!)}${by}${wordOf(month!)}${then}YYYY`],
  ],
];

/** The token of a number that is written with as many digits as `digits`. */
const short = (token: string, digits: string): string => token.slice(0, digits.length);

const wordOf = (month: string): string => (month.length > 3 ? 'MMMM' : 'MMM');

/** Number of a text, as tables write numbers; NaN for other texts. */
const numberOf = (text: string): number =>
  /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;

/** The layouts that a text may be written in, several where day and month cannot be told apart. */
function layoutsOf(text: string): readonly TimeLayout[] {
  for (const [form, layouts] of formsOf()) {
    const groups = form.exec(text)?.slice(1);
    if (!groups) continue;
    const [space, seconds, zone] = groups.slice(-3);
    const clock = space ? `${space}HH:mm${seconds ? ':ss' : ''}` : '';
    return layouts(groups.slice(0, -3)).map((date) => `${date}${clock}${zone ? 'ZZ' : ''}`);
  }
  return Number.isFinite(numberOf(text)) ? ['number'] : [];
}

/**
 * The layout of a column's times.
 * @param where names the place of text i: `line 3`.
 * @throws LanewiseError kind 'data' for the first text that is no time, or is written in another way than the first
 * one, and for dates whose day and month could be exchanged.
 */
export function layoutOfTimes(
  what: string,
  texts: readonly string[],
  where: (index: number) => string,
): TimeLayout {
  const candidates = layoutsOf(texts[0]!);
  const refuse = (index: number, expected: string, hint?: string) =>
    new LanewiseError(
      'data',
      `${what}, ${where(index)}: ${quote(texts[index]!)} is not ${expected}`,
      hint,
    );
  if (candidates.length === 0)
    throw refuse(0, 'a time', 'times are written like 2010-01-31, 2010-01-31 23:00, or as numbers');
  if (candidates[0] === 'number') return layoutOfNumbers(texts, refuse);
  const wrong = candidates.map((layout) => {
    const read = timeReader(layout);
    return texts.findIndex((text) => Number.isNaN(read(text)));
  });
  const fitting = candidates.filter((_, i) => wrong[i]! < 0);
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length === 0)
    throw refuse(
      Math.max(...wrong),
      `a time as ${quote(texts[0]!)} is (${candidates.join(' or ')})`,
    );
  throw new LanewiseError(
    'data',
    `${what}: ${quote(texts[0]!)} and all others may be ${fitting.join(' or ')}`,
    'write the year first: 2010-01-31',
  );
}

/** Whole numbers are years, dates of eight digits, or seconds or milliseconds since 1970, if all look like it. */
function layoutOfNumbers(
  texts: readonly string[],
  refuse: (index: number, expected: string) => LanewiseError,
): TimeLayout {
  const numbers = texts.map(numberOf);
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw refuse(wrong, `a number as ${quote(texts[0]!)} is`);
  const within = (low: number, high: number) =>
    numbers.every((value) => Number.isInteger(value) && value >= low && value <= high);
  if (texts.every((text) => /^\d{4}$/.test(text)) && within(1000, 2999)) return 'YYYY';
  if (within(1e8, 1e10)) return 'seconds';
  if (within(1e11, 1e13)) return 'milliseconds';
  return 'number';
}

const TOKENS = /YYYY|MMMM|MMM|MM?|DD?|HH|mm|ss|ZZ/g;

const patternsOf = (MONTH = monthPattern()): Readonly<Record<string, string>> => ({
  YYYY: '(\\d{4})',
  MMMM: `(${MONTH})`,
  MMM: `(${MONTH})`,
  MM: '(\\d{1,2})',
  M: '(\\d{1,2})',
  DD: '(\\d{1,2})',
  D: '(\\d{1,2})',
  HH: '(\\d{1,2})',
  mm: '(\\d{2})',
  ss: '(\\d{2}(?:\\.\\d+)?)',
  ZZ: ' ?(Z|[+-]\\d{2}:?\\d{2})',
});

/** Whether a layout from outside has the tokens of a time, once each. */
export function isLayout(layout: unknown): layout is TimeLayout {
  if (typeof layout !== 'string' || layout.length > 64) return false;
  if (isOfNumbers(layout)) return true;
  const tokens: readonly string[] = layout.match(TOKENS) ?? [];
  return tokens.includes('YYYY') && new Set(tokens).size === tokens.length;
}

/** Whether times are numbers rather than dates. */
export const isOfNumbers = (layout: TimeLayout): boolean =>
  layout === 'number' || layout === 'seconds' || layout === 'milliseconds';

const MILLISECONDS = { number: 1, seconds: 1000, milliseconds: 1 } as const;

const scaleOf = (layout: TimeLayout): number => MILLISECONDS[layout as keyof typeof MILLISECONDS];

/** A reader of times: milliseconds since 1970, the number itself for `number`, and NaN for other texts. */
export function timeReader(layout: TimeLayout): (text: string) => number {
  if (isOfNumbers(layout)) return (text) => numberOf(text) * scaleOf(layout);
  const tokens = layout.match(TOKENS)!;
  const patterns = patternsOf();
  const between = layout.split(TOKENS).map((part) => part.replace(/[^\w]/g, '\\$&'));
  // Eight digits have no borders between them.
  const pattern = (token: string) =>
    layout.startsWith('YYYYMMDD') ? patterns[token]!.replace('{1,2}', '{2}') : patterns[token]!;
  const form = new RegExp(
    `^${between[0]}${tokens.map((token, i) => `${pattern(token)}${between[i + 1]}`).join('')}$`,
    'i',
  );
  return (text) => {
    const match = form.exec(text);
    if (!match) return NaN;
    const found: Record<string, string> = {};
    tokens.forEach((token, i) => (found[token] = match[i + 1]!));
    return instantOf(found);
  };
}

/** Milliseconds since 1970 of a time's parts; NaN for a day, hour or minute that does not exist. */
function instantOf(found: Readonly<Record<string, string>>): number {
  const { YYYY, M, MM = M, MMM, MMMM = MMM, D, DD = D, HH, mm, ss, ZZ } = found;
  const month = MMMM
    ? MONTHS.findIndex((name) => name.startsWith(MMMM.slice(0, 3).toLowerCase()))
    : Number(MM ?? 1) - 1;
  const [year, day, hour, minute] = [
    Number(YYYY),
    Number(DD ?? 1),
    Number(HH ?? 0),
    Number(mm ?? 0),
  ];
  const second = Number(ss ?? 0);
  if (month < 0 || month > 11 || hour > 23 || minute > 59 || second >= 60) return NaN;
  if (day < 1 || day > daysIn(year, month)) return NaN;
  return dayAt(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000 - offsetOf(ZZ);
}

/** Milliseconds since 1970 of a day; `Date.UTC` takes years below 100 for others. */
const dayAt = (year: number, month: number, day: number): number =>
  new Date(0).setUTCFullYear(year, month, day);

const daysIn = (year: number, month: number): number =>
  new Date(dayAt(year, month + 1, 0)).getUTCDate();

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || /^z$/i.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** A writer of times in a layout; what was read with an offset is written in UTC. */
export function timeWriter(layout: TimeLayout): (time: number) => string {
  if (isOfNumbers(layout)) return (time) => String(time / scaleOf(layout));
  const two = (value: number) => String(value).padStart(2, '0');
  return (time) => {
    const date = new Date(time);
    const month = MONTHS[date.getUTCMonth()]!;
    const word = month[0]!.toUpperCase() + month.slice(1);
    const parts: Readonly<Record<string, string>> = {
      YYYY: String(date.getUTCFullYear()).padStart(4, '0'),
      MMMM: word,
      MMM: word.slice(0, 3),
      MM: two(date.getUTCMonth() + 1),
      M: String(date.getUTCMonth() + 1),
      DD: two(date.getUTCDate()),
      D: String(date.getUTCDate()),
      HH: two(date.getUTCHours()),
      mm: two(date.getUTCMinutes()),
      ss: two(date.getUTCSeconds()),
      ZZ: 'Z',
    };
    return layout.replace(TOKENS, (token) => parts[token]!);
  };
}

const MILLISECONDS_OF_DAY = 86_400_000;

/** The parts of the calendar that a time stands in, each from 0 to 1. */
export type CalendarPart = 'hour' | 'weekday' | 'month';

/** The share of a period that has passed at a time: of its day, its week (from Monday), its year. */
export function phaseOf(part: CalendarPart, time: number): number {
  const days = time / MILLISECONDS_OF_DAY;
  if (part === 'hour') return days - Math.floor(days);
  // 1970 began on a Thursday.
  if (part === 'weekday')
    return (Math.floor(days) + 3 - 7 * Math.floor((Math.floor(days) + 3) / 7)) / 7;
  const date = new Date(time);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return (month + (date.getUTCDate() - 1) / daysIn(year, month)) / 12;
}

/** Whether a day is the last of its month. */
export function isMonthEnd(time: number): boolean {
  const date = new Date(time);
  return date.getUTCDate() === daysIn(date.getUTCFullYear(), date.getUTCMonth());
}

/** Months since year 0. */
export function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The time `months` later: on the same day of the month, or on the last day. */
export function monthsLater(time: number, months: number, isLast: boolean): number {
  const month = monthOf(time) + months;
  const [year, of] = [Math.floor(month / 12), month - 12 * Math.floor(month / 12)];
  const last = daysIn(year, of);
  const day = isLast ? last : Math.min(new Date(time).getUTCDate(), last);
  const clock = time - Math.floor(time / MILLISECONDS_OF_DAY) * MILLISECONDS_OF_DAY;
  return dayAt(year, of, day) + clock;
}
