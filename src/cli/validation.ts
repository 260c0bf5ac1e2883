/** The samples by which a run may choose, so that it never chooses by those it is tested on. */

import { LanewiseError } from '../base/errors.js';
import { scheduleFor } from '../optimizers/index.js';
import type { IndexedDataset } from '../data/dataset.js';
import { WORDS, type PartsOf } from './data-sources.js';
import { countOf } from './task.js';
import { splitBy } from './split-rule.js';
import type { TrainOptions } from './train-options.js';

/** The default share of the training samples. */
export const VALIDATION_SHARE = 0.1;

/** The default share if intervals are calibrated by it, too. */
export const CALIBRATION_SHARE = 0.2;

/** The option for intervals, which are calibrated by the validation part. */
const calibrated = ({ task }: PartsOf<IndexedDataset>): string | undefined =>
  task?.spread && WORDS.intervals(task.spread).join(' ');

/** The data sets of a run, and the option for which training samples were set aside, if they were. */
export interface ValidatedSets<D extends IndexedDataset> extends PartsOf<D> {
  readonly setAside?: string;
}

/** Whether the schedule of that name follows validation figures. */
function follows(name: string): boolean {
  const schedule = scheduleFor(name);
  return typeof schedule !== 'string' && schedule.follows !== undefined;
}

/** The option that makes a run choose by the figures of validation samples. */
function chooser({ keepBest, patience, schedule }: TrainOptions): string | undefined {
  if (keepBest) return '--keep-best';
  if (patience !== undefined) return '--patience';
  return schedule !== undefined && follows(schedule) ? `--schedule ${schedule}` : undefined;
}

/**
 * Data with a validation part stays as it is. Otherwise a share of the training samples is set aside, each class in
 * proportion, if the run chooses or calibrates intervals by them, or the share is given; `always` says why it does, whatever the options.
 * @throws LanewiseError kind 'argument' for a share of data that has such a part, and for a share of no sample.
 */
export function withValidation<D extends IndexedDataset>(
  data: PartsOf<D>,
  options: TrainOptions,
  always?: string,
): ValidatedSets<D> {
  const { train } = data;
  const { validation: given, seed } = options;
  if (data.validation) {
    if (given === undefined) return data;
    throw new LanewiseError(
      'argument',
      `--validation ${given} is a share of the training samples, and the data has '${data.validation.name}'`,
      'leave --validation out',
    );
  }
  const reason =
    given === undefined
      ? (chooser(options) ?? calibrated(data) ?? always)
      : `--validation ${given}`;
  if (reason === undefined) return data;
  const share = given ?? (data.task?.spread ? CALIBRATION_SHARE : VALIDATION_SHARE);
  const total = countOf(train);
  const count = Math.round(share * total);
  if (count < 1 || count >= total)
    throw new LanewiseError(
      'argument',
      `${reason} sets ${count} of ${total} training samples aside for validation, expected at least one, and one to train on`,
      'give another share, such as --validation 0.5',
    );
  const { first: rest, second: validation } = splitBy<D>(
    train,
    { count: total - count, seed },
    data.splitBy,
    data.keys,
  );
  const name = `${train.name.replace(/ train$/, '')} validation`;
  return { ...data, train: rest, validation: { ...validation, name }, setAside: reason };
}
