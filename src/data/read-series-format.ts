/** Reads the description of a series from a model's file, all of it checked. */
import { isObject } from '../base/check.js';
import { knownWidth, pastWidth, type SeriesFormat, type Spacing } from './series-format.js';
import { isLayout, type CalendarPart } from './times.js';

/** Most columns, and most values of a window: more are a mistake. */
const MOST_COLUMNS = 65_536;
const MOST_VALUES = 2 ** 28;

const UNITS: readonly Spacing['unit'][] = ['milliseconds', 'months', 'monthEnds', 'number', 'rows'];
const PARTS: readonly CalendarPart[] = ['hour', 'weekday', 'month'];

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isExtent = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1;
const isList = (value: unknown, isOne: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length <= MOST_COLUMNS && value.every(isOne);

function readSpacing(value: unknown): Spacing | undefined {
  const { unit, every } = (isObject(value) ? value : {}) as Partial<Spacing>;
  const isRhythm =
    typeof every === 'number' && every > 0 && every < 1e15 && UNITS.includes(unit as never);
  if (!isRhythm || (unit !== 'number' && !Number.isInteger(every))) return undefined;
  return { unit: unit!, every };
}

/** The description; undefined if it is not whole. */
export function readSeriesFormat(value: unknown): SeriesFormat | undefined {
  if (!isObject(value)) return undefined;
  const { time, layout, series, missing, scale } = value as Partial<SeriesFormat>;
  const { targets, features, known, calendar } = value as Partial<SeriesFormat>;
  const { window, horizon, stride, season } = value as Partial<SeriesFormat>;
  const spacing = readSpacing(value['spacing']);
  const isWhole =
    spacing !== undefined &&
    [time, series].every((name) => name === undefined || isText(name)) &&
    // Times are dates, numbers, or rows without any.
    (layout === undefined ? spacing.unit === 'rows' : isLayout(layout) && time !== undefined) &&
    [targets, features, known].every((names) => isList(names, isText)) &&
    targets!.length > 0 &&
    isList(calendar, (part) => PARTS.includes(part as CalendarPart)) &&
    (calendar!.length === 0 || !['rows', 'number'].includes(spacing.unit)) &&
    [window, horizon, stride, season].every(isExtent) &&
    (missing === 'refuse' || missing === 'last' || missing === 'interpolate') &&
    (scale === undefined || isList(scale, (one) => typeof one === 'number' && one >= 0));
  if (!isWhole) return undefined;
  const format: SeriesFormat = {
    ...(time === undefined ? {} : { time }),
    ...(layout === undefined ? {} : { layout }),
    spacing,
    ...(series === undefined ? {} : { series }),
    targets: targets!,
    features: features!,
    known: known!,
    calendar: calendar!,
    window: window!,
    horizon: horizon!,
    stride: stride!,
    season: season!,
    missing,
    ...(scale === undefined ? {} : { scale }),
  };
  const values = window! * pastWidth(format) + horizon! * (knownWidth(format) + targets!.length);
  return values <= MOST_VALUES ? format : undefined;
}
