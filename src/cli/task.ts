/** What a run learns from its data: the task, which decides net, loss, figures, output and the next command. */
import { LanewiseError } from '../base/errors.js';
import type { Spread } from '../base/spread.js';
import type { IndexedDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { pixelsOf } from '../data/samples.js';
import type { DataSets, LabelledSets } from './data-sources.js';
import { areRows } from './tables.js';

/**
 * `classes`: one class a sample; `values`: numbers; `labels`: any number of labels a sample; `several`: targets of
 * several kinds; `series`: the next values of a series; `text`: the next characters of a text;
 * `texts`: one class a text.
 */
export type TaskName = 'classes' | 'values' | 'labels' | 'several' | 'series' | 'text' | 'texts';

export interface Task {
  readonly kind: TaskName;
  /** The word for samples where they are counted. */
  readonly unit: 'images' | 'rows' | 'windows' | 'texts';
  /** How predictions of numbers describe their distribution; absent for the expected number alone. */
  readonly spread?: Spread;
  /** Why it is this task, where a user may want another. */
  readonly said?: string;
}

/** The task of data: that which its source says, or one class a sample. */
export function taskOf({ task, train }: DataSets): Task {
  if (task) return task;
  return { kind: 'classes', unit: isLabelled(train) && areRows(train) ? 'rows' : 'images' };
}

const isLabelled = (data: IndexedDataset): data is LabelledSets['train'] => 'labels' in data;

/** Number of samples. */
export const countOf = (data: IndexedDataset): number =>
  isLabelled(data) ? data.labels.length : samplesOf(data).count;

/** Whether samples have an image's pixels, as bytes. */
export const arePixels = (data: IndexedDataset): boolean =>
  pixelsOf(samplesOf(data)) instanceof Uint8Array;

/** @throws LanewiseError kind 'argument' for data without one class a sample; `who` needs it. */
export function labelledSets(data: DataSets, who: string): LabelledSets {
  const { train, test, validation } = data;
  const other = [train, test, validation ?? test].find((part) => !isLabelled(part));
  if (!other) return data as LabelledSets;
  throw new LanewiseError(
    'argument',
    `${who} takes samples with one class each, and '${other.name}' has ${Object.keys(samplesOf(other).targets).join(', ')} to learn`,
  );
}
