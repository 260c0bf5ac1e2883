/** The first record of a run, of what is trained on what, and how; and the last one. */
import type { AnyDataset } from '../data/dataset.js';
import { parameterCount, type Model } from '../layers/index.js';
import { version } from '../version.js';
import { describeSettings, type RunDescription } from './describe-run.js';
import type { DoneEvent, Part, StartEvent } from './events.js';
import type { TrainResult } from './result.js';
import type { Digests, ResolvedSettings } from './settings.js';

/** What the record has that does not follow from model and settings. */
export interface About {
  /** Default `model`. */
  readonly name?: string;
  /** Default `validation`. */
  readonly part?: Part;
  /** Where the run is kept. */
  readonly folder?: string;
  /** Of runs in a folder, which hash their data. */
  readonly description?: RunDescription;
  /** More of how it is run, such as the version of Node. */
  readonly runtime?: Readonly<Record<string, string>>;
}

export async function startRecord(
  model: Model,
  settings: ResolvedSettings,
  { name = 'model', part = 'validation', folder, description, runtime = {} }: About,
): Promise<StartEvent> {
  const { data, validation, workers } = settings;
  const {
    model: _,
    data: described,
    ...others
  } = description ?? (await describeSettings(settings, noDigests));
  return {
    event: 'start',
    time: new Date().toISOString(),
    version,
    model: name,
    parameters: parameterCount(model),
    ...(folder === undefined ? {} : { folder }),
    data: { ...(described as object), name: data.name, samples: data.count },
    ...(validation
      ? { validation: { name: validation.name, samples: validation.count, part } }
      : {}),
    settings: { ...others, workers, ...runtime },
  };
}

/** Hashes take time: a run without a folder is described without data sets and arrays. */
const noDigests: Digests = { ofData: async () => undefined, ofArrays: async () => undefined };

/** Figures of the training samples: what goes by them does not choose by others. */
const OF_TRAINING: readonly unknown[] = ['loss', 'accuracy'];

/** Whether the run chooses something by its validation data: its weights, its end or its learning rate. */
function chooses({ monitor, schedule }: ResolvedSettings): boolean {
  if (monitor && !OF_TRAINING.includes(monitor.name)) return true;
  const follows = typeof schedule === 'string' ? undefined : schedule.follows;
  return follows !== undefined && !OF_TRAINING.includes(follows);
}

/** What a run's figures of validation data are of: test samples if it is given the same for both, and chooses nothing by them. */
export const partScored = (
  validation: AnyDataset | undefined,
  test: AnyDataset | undefined,
  settings: ResolvedSettings,
): Part => (validation && validation === test && !chooses(settings) ? 'test' : 'validation');

/** The last record of a run, after so many steps of it. */
export async function doneRecord(result: TrainResult, step: number): Promise<DoneEvent> {
  const { model, seconds, numerics, interrupted, stopped, best } = result;
  return {
    event: 'done',
    step,
    seconds,
    sha256: await model.sha256(),
    numerics,
    interrupted,
    ...(stopped === undefined ? {} : { stopped }),
    ...(best ? { best } : {}),
  };
}
