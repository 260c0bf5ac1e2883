/**
 * Reads a model file's description of its training data, each field as JSON. All of it is checked, since files come
 * from outside. Any field may be missing, in older files and for models made by hand; fields of later versions are
 * skipped.
 */
import { isObject } from '../base/check.js';
import type { Origin, Selection } from '../data/origin.js';
import { readSeriesFormat as seriesFormat } from '../data/read-series-format.js';
import { installBags } from '../data/bag-tools.js';
import { bagsOf } from '../data/text-bags.js';
import type { TextFormat } from '../data/text-format.js';
import { readTableFormat } from '../data/read-table.js';
import { readNames, readSampleFormat } from '../data/sample-format.js';
import { loadTools } from '../data/load-tools.js';
import type { TableFormat } from '../data/table-format.js';
import { LanewiseError } from '../base/errors.js';
import { fits } from '../formats/resize.js';
import type { DataDescription } from './data-description.js';

/** Most selections, each made from the one before. */
const MOST_SELECTIONS = 64;

type Read<T> = (value: unknown) => T | undefined;

/** The reader of each field, which gives undefined for a wrong value, and the message for that. */
const fields = (
  metadata: Readonly<Record<string, string>>,
): {
  readonly [Key in keyof Required<DataDescription>]: readonly [
    read: Read<Required<DataDescription>[Key]>,
    refusal: string,
  ];
} => ({
  classes: [readNames, 'classes are not a list of names'],
  targetClasses: [namesByTarget, 'targetClasses are not lists of names by target'],
  samples: [
    readSampleFormat,
    `samples have no shape of whole numbers, type uint8, int32 or float32, and fit ${fits.join(', ')} or none`,
  ],
  series: [seriesFormat, 'series does not say its columns, spacing, window and horizon'],
  table: [
    tableFormat(metadata['classes']),
    'table is not a list of columns with name, type, classes and a rule for missing values, and of targets',
  ],
  vocabulary: [readNames, 'vocabulary is not a list of texts'],
  text: [textFormat, 'text has no whole length of at least 1, by words, trigrams or none'],
  origin: [originFormat, 'origin has no number of samples, fingerprint and selections'],
});

/** @throws LanewiseError kind 'file' naming the field with a wrong value. */
export function readDescription(
  metadata: Readonly<Record<string, string>>,
  name: string,
): DataDescription {
  if (metadata['table'] !== undefined) loadTools();
  const found = Object.entries(fields(metadata)).flatMap(([key, [read, refusal]]) => {
    const text = metadata[key];
    if (text === undefined) return [];
    const value = read(parsed(text));
    if (value !== undefined) return [[key, value]];
    throw new LanewiseError('file', `'${name}': its ${refusal}`);
  });
  return Object.fromEntries(found) as DataDescription;
}

/** The parsed JSON; undefined, which no field may be, for other text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';

const isCount = (value: unknown, least = 0): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;

function namesByTarget(value: unknown): Readonly<Record<string, readonly string[]>> | undefined {
  if (!isObject(value)) return undefined;
  const lists = Object.values(value);
  return lists.every(readNames) ? (value as Record<string, string[]>) : undefined;
}

function textFormat(value: unknown): TextFormat | undefined {
  const { length, by, column, target } = (isObject(value) ? value : {}) as Partial<TextFormat>;
  const isFormat =
    isCount(length, 1) &&
    (by === undefined || by === 'words' || by === 'trigrams') &&
    [column, target].every((name) => name === undefined || isText(name));
  if (!isFormat) return undefined;
  if (by !== undefined) installBags(bagsOf);
  return {
    length,
    ...(by === undefined ? {} : { by }),
    ...(column === undefined ? {} : { column }),
    ...(target === undefined ? {} : { target }),
  };
}

/** A table; the names of the model's classes are those of the target of an earlier file. */
const tableFormat =
  (classes: string | undefined): Read<TableFormat> =>
  (value) =>
    readTableFormat(value, classes === undefined ? undefined : readNames(parsed(classes)));

function originFormat(value: unknown): Origin | undefined {
  const { samples, fingerprint, selections } = (isObject(value) ? value : {}) as Partial<Origin>;
  if (!isCount(samples, 1) || !isText(fingerprint)) return undefined;
  if (!Array.isArray(selections) || selections.length > MOST_SELECTIONS) return undefined;
  const read = selections.map(selectionFormat);
  if (read.includes(undefined)) return undefined;
  return { samples, fingerprint, selections: read as Selection[] };
}

function selectionFormat(value: unknown): Selection | undefined {
  if (!isObject(value)) return undefined;
  const { by, count, shuffled, k, fold, stratified, seed, part, rule, first } = value;
  if (by === 'periods') return periodsFormat(value);
  if (by === 'subset') return isCount(count, 1) ? { by, count } : undefined;
  // A later version's: samples were chosen in a way that is not known here.
  if (isText(by) && by !== 'split' && by !== 'kFold' && by !== 'places')
    return { by: 'subset', count: 1 };
  const isPart = part === 0 || part === 1;
  if (by === 'places') {
    const isRule = rule === 'group' || rule === 'time';
    return isPart && isRule && isText(first) && isCount(count, 1)
      ? { by, rule, count, first, part }
      : undefined;
  }
  if (!isPart || typeof stratified !== 'boolean' || !isCount(seed)) return undefined;
  if (by === 'split' && isCount(count, 1) && typeof shuffled === 'boolean')
    return { by, count, shuffled, stratified, seed, part };
  if (by === 'kFold' && isCount(k, 2) && isCount(fold) && fold < k)
    return { by, k, fold, stratified, seed, part };
  return undefined;
}

/** Most parts of a series. */
const MOST_PERIODS = 16;

function periodsFormat(value: unknown): Selection | undefined {
  const { periods, part } = value as Partial<Extract<Selection, { by: 'periods' }>>;
  if (!Array.isArray(periods) || periods.length > MOST_PERIODS) return undefined;
  const isRange = (range: unknown) =>
    Array.isArray(range) && range.length === 2 && range.every((place) => isCount(place));
  if (!periods.every(isRange) || !isCount(part) || part >= periods.length) return undefined;
  return { by: 'periods', periods, part };
}
