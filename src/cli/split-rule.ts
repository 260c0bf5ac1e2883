/** The option `--split`: how samples are dealt to the training and the test part. */
import { InvalidArgumentError } from 'commander';
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { IndexedDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { originOf } from '../data/origin.js';
import { decodePlaces } from '../data/part-places.js';
import { kFold } from '../data/folds.js';
import { split, type SplitOptions } from '../data/split-samples.js';

/** By chance; each class in proportion; or by a column of a table, whose rows of one value stay together, or are in time. */
export type SplitRule =
  | { readonly by: 'random' | 'stratified' }
  | { readonly by: 'group' | 'time'; readonly column: string };

/** What decides to which part each sample belongs: its group or its time. */
export interface PartKeys {
  readonly by: 'group' | 'time';
  readonly values: readonly string[];
}

/** `random`, `group:patient` */
export function splitRule(text: string): SplitRule {
  const by = text.trim().toLowerCase();
  if (by === 'random' || by === 'stratified') return { by };
  const [, rule, column] = /^(group|time):(.+)$/i.exec(text.trim()) ?? [];
  if (column !== undefined) return { by: rule!.toLowerCase() as 'group' | 'time', column };
  throw new InvalidArgumentError(
    'Expected random, stratified, group:COLUMN or time:COLUMN, such as group:patient.',
  );
}

/** The column that a rule is about. */
export const columnOfRule = (rule: SplitRule | undefined): string | undefined =>
  rule && 'column' in rule ? rule.column : undefined;

/** `group:patient` */
export const ruleWords = (rule: SplitRule): string =>
  'column' in rule ? `${rule.by}:${rule.column}` : rule.by;

/** @throws LanewiseError kind 'argument' for a rule by classes that the samples do not have. */
export function checkRule(rule: SplitRule | undefined, data: IndexedDataset): void {
  if (rule?.by !== 'stratified' || 'labels' in data) return;
  throw new LanewiseError(
    'argument',
    `--split stratified keeps the proportions of classes, and ${quote(data.name)} has no classes, one a sample`,
    'numbers are split at random: leave --split out',
  );
}

/** How the options of `split` say it: default each class in proportion, where there are classes. */
export function splitHow(
  data: IndexedDataset,
  rule: SplitRule | undefined,
  keys: PartKeys | undefined,
): SplitOptions {
  checkRule(rule, data);
  if (rule && 'column' in rule && !keys)
    throw new LanewiseError(
      'argument',
      `--split ${ruleWords(rule)} names a column, and ${quote(data.name)} is no table`,
      '--split random or stratified goes with other data',
    );
  const stratified = 'labels' in data && rule?.by !== 'random';
  if (keys?.by === 'time') return { times: keys.values };
  return { stratified, ...(keys ? { groups: keys.values } : {}) };
}

/** An empty list of keys, if the split is by a column, which the reader of the table fills. */
export const keysFor = (
  rule: SplitRule | undefined,
): { readonly by: PartKeys['by']; readonly values: string[] } | undefined =>
  rule && 'column' in rule ? { by: rule.by, values: [] } : undefined;

/** One of k folds, from 0. */
export interface Fold {
  readonly k: number;
  readonly fold: number;
}

interface TwoParts<D> {
  readonly first: D;
  readonly second: D;
  /** Those of the first part. */
  readonly keys?: PartKeys;
}

/** Two parts of the data by a rule; the keys are there if it is by a column. */
export function splitBy<D extends IndexedDataset>(
  data: D,
  size: Pick<SplitOptions, 'fraction' | 'count' | 'seed'>,
  rule: SplitRule | undefined,
  keys: PartKeys | undefined,
): TwoParts<D> {
  const how = splitHow(data, rule, keys);
  const { seed, ...extent } = size;
  const [first, second] = split<D>(data, { ...extent, ...how, ...(how.times ? {} : { seed }) });
  return { first, second, ...(keys ? { keys: keysOfFirst(first, keys) } : {}) };
}

/** The data without a fold, and the fold. @throws LanewiseError kind 'argument' for folds by time, of which each but the last has later samples in training. */
export function foldBy<D extends IndexedDataset>(
  data: D,
  { k, fold }: Fold,
  seed: number,
  rule: SplitRule | undefined,
  keys: PartKeys | undefined,
): TwoParts<D> {
  const how = splitHow(data, rule, keys);
  if (how.times)
    throw new LanewiseError(
      'argument',
      `--folds ${k} with --split ${ruleWords(rule!)}: each fold but the last would be predicted from later samples`,
      'leave --folds out; --seeds repeats the run with other initial weights',
    );
  const [first, second] = [...kFold<D>(data, k, { ...how, seed })][fold]!;
  return { first, second, ...(keys ? { keys: keysOfFirst(first, keys) } : {}) };
}

/** The keys of the first part, by the places that it remembers. */
function keysOfFirst(first: IndexedDataset, { by, values }: PartKeys): PartKeys {
  const selection = originOf(samplesOf(first))?.selections.at(-1);
  const isFirst =
    selection?.by === 'places' ? decodePlaces(selection.first, values.length) : undefined;
  return { by, values: values.filter((_, i) => isFirst?.[i] === 1) };
}
