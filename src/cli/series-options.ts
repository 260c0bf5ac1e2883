/** The options of `train` that make a series of a CSV file. */
import { InvalidArgumentError, type Option } from 'commander';
import type { CalendarPart } from '../data/times.js';
import { choice, option, wholeNumber } from './options.js';
import type { SeriesRequest } from './series-source.js';
import { list } from './setting-options.js';

const PARTS: readonly CalendarPart[] = ['hour', 'weekday', 'month'];

function calendarOf(text: string): CalendarPart[] {
  if (text.toLowerCase() === 'none') return [];
  return list(text).map((name) => {
    const part = PARTS.find((one) => one === name.toLowerCase());
    if (part) return part;
    throw new InvalidArgumentError(`Expected ${PARTS.join(', ')}, separated by commas, or none.`);
  });
}

/** Each is the name of the field in a request. */
export const seriesOptions = (): Option[] => [
  option('--time <column>', 'column of a CSV file with times: its rows are a series to forecast'),
  option('--horizon <n>', 'rows of a series to forecast (1)', wholeNumber(1)),
  option('--stride <n>', 'rows of a series from one window to the next (1)', wholeNumber(1)),
  option('--features <columns>', 'further columns of a series, known of the past', list),
  option('--known <columns>', 'columns of a series that are known in advance', list),
  option(
    '--calendar <parts>',
    'parts of the calendar that the model is given: hour, weekday, month, or none (none)',
    calendarOf,
  ),
  option(
    '--season <n>',
    'rows after which a series repeats itself (a day of hours, a week of days, a year of months)',
    wholeNumber(1),
  ),
  option('--series <column>', 'column that tells several series of one file apart'),
  choice(
    '--spacing <how>',
    'rows: take the rows of a series as evenly spaced, whatever the times',
    ['rows'],
  ),
];

/** The part of a request that makes a series of a table; empty if none of the options is given. */
export function seriesRequest(options: SeriesRequest): { readonly series?: SeriesRequest } {
  const { time, horizon, stride, features, known, calendar, season, series, spacing } = options;
  const asked = { time, horizon, stride, features, known, calendar, season, series, spacing };
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  return given.length > 0 ? { series: Object.fromEntries(given) } : {};
}
