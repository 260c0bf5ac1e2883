/** The first and the last record of a run. */
import { parameterCount, type Model } from '../layers/index.js';
import { version } from '../base/version.js';
import { describeSettings, type RunDescription } from './describe-run.js';
import type { DoneEvent, Part, StartEvent } from './events.js';
import type { TrainResult } from './result.js';
import type { Digests, ResolvedSettings } from './settings.js';

/** Fields of the record that do not follow from model and settings. */
export interface About {
  /** Default `model`. */
  readonly name?: string;
  /** Default `validation`. */
  readonly part?: Part;
  /** The run's folder. */
  readonly folder?: string;
  /** The run's description, for runs in a folder, which hash their data. */
  readonly description?: RunDescription;
  /** Further facts of the runtime, such as the version of Node. */
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

/** Hashing takes time: a run without a folder is described without data sets and arrays. */
const noDigests: Digests = { ofData: async () => undefined, ofArrays: async () => undefined };

/** The last record of a run of this many steps. */
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
