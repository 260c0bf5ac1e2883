/** Resolves the settings of a training run: defaults are filled in, and everything is checked before work starts. */
import { checkKeys, refuse, wholeFrom } from '../base/check.js';
import { matchClasses, namesOf } from '../data/class-names.js';
import type { AnyDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { pixelsOf, type Samples } from '../data/samples.js';
import { checkScale } from '../data/pixel-scale.js';
import { withColumnsOf } from '../data/table-tools.js';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import { targetsOf, type LossTerm } from '../losses/terms.js';
import { defaultTerms } from '../feed/check-fit.js';
import { defaultShards } from '../step/shards.js';
import { checkModel, checkPresent } from '../trained/check-weights.js';
import { checkMetrics, type CheckedMetrics } from '../metrics/compute.js';
import { monitorOf, type Figure } from './monitor.js';
import {
  SETTING_NAMES,
  SETTINGS,
  type AnySetting,
  type ResolvedSettings,
  type TrainSettings,
} from './settings.js';

/**
 * Settings of a run of `model`, checked. `hints` say where some names belong that are no settings.
 * @throws LanewiseError kind 'argument' naming the setting, the value and the range.
 */
export function resolveSettings(
  model: Model,
  settings: TrainSettings,
  hints?: Readonly<Record<string, string>>,
): ResolvedSettings {
  checkModel(model);
  checkPresent('train: settings', settings, 'an object with data, optimizer and epochs');
  checkKeys('train', settings, SETTING_NAMES, hints);
  const { accumulate: _, earlyStopping, keepBest, ...own } = readEach(model, settings);
  const data = samplesOf(settings.data);
  const minibatches = minibatchesOf(model, data.count, settings);
  const terms = defaultTerms(model, data, settings.loss);
  const { validation: scored } = settings;
  const validation = scored === undefined ? undefined : validationOf(scored, data, terms);
  const metrics = metricsOf(model, terms, settings.metrics, validation);
  const figures = figuresOf(terms, validation !== undefined, metrics);
  const resolved: ResolvedSettings = {
    ...own,
    data,
    validation,
    terms,
    ...minibatches,
    validateEvery: validation && (settings.validateEvery ?? { epochs: 1 }),
    metrics,
    monitor: monitorOf(earlyStopping, keepBest, figures),
  };
  const given = Object.entries(resolved).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as ResolvedSettings;
}

/** What `readEach` reads; settings that are checked together with others are as they were given. */
type Own = Omit<ResolvedSettings, 'data' | 'validation' | 'terms' | 'batch' | 'shards'> &
  Pick<TrainSettings, 'accumulate' | 'earlyStopping' | 'keepBest'>;

/** Reads each setting by its record. @throws LanewiseError kind 'argument' for a bad value. */
function readEach(model: Model, settings: TrainSettings): Own {
  const values = SETTING_NAMES.map((name) => [
    name,
    readSetting('train', name, settings[name], model),
  ]);
  return Object.fromEntries(values) as unknown as Own;
}

/** Reads one setting given to `owner`: its default, made or checked. @throws LanewiseError kind 'argument' for a bad value. */
export function readSetting(
  owner: string,
  name: keyof TrainSettings,
  given: unknown,
  model: Model,
): unknown {
  const { isRequired, fill, make, check }: AnySetting = SETTINGS[name];
  if (given === null) refuse(owner, name, given, 'a value or undefined');
  if (given === undefined && !isRequired) return fill?.();
  try {
    if (make) return make(given);
    if (check !== 'with others') check?.(owner, name, given, model);
    return given;
  } catch (error) {
    throw ownedBy(owner, name, error);
  }
}

/** The refusal of a setting, told with the function that it was given to; a setting's own fields are told with its name. */
function ownedBy(owner: string, name: string, error: unknown): unknown {
  if (!(error instanceof LanewiseError)) return error;
  const { kind, message, hint } = error;
  if ([owner, name].some((one) => message.startsWith(`${one}: `))) return error;
  return new LanewiseError(kind, `${owner}: ${message}`, hint, { cause: error });
}

/** The resolved settings of minibatches, for data of `count` samples. */
function minibatchesOf(
  model: Model,
  count: number,
  given: Pick<TrainSettings, 'batch' | 'shards' | 'accumulate' | 'dropLast' | 'stepsPerEpoch'>,
): Pick<ResolvedSettings, 'batch' | 'shards' | 'epochSamples'> {
  const { accumulate = 1, dropLast, batch: single = Math.min(64, count) } = given;
  wholeFrom(1, count)('train', 'batch', single);
  const { shards = defaultShards(model, single) } = given;
  wholeFrom(1, single)('train', 'shards', shards);
  const batch = Math.min(single * accumulate, count);
  const whole = dropLast ? count - (count % single) : count;
  const { stepsPerEpoch = Math.ceil(whole / batch) } = given;
  wholeFrom(1, Math.ceil(whole / batch))('train', 'stepsPerEpoch', stepsPerEpoch);
  return {
    batch,
    shards: Math.min(shards * accumulate, batch),
    epochSamples: Math.min(whole, stepsPerEpoch * batch),
  };
}

/** The validation data, with the training data's columns and classes. */
function validationOf(given: AnyDataset, data: Samples, terms: readonly LossTerm[]) {
  const matched = matchData(given, data, terms);
  return withColumnsOf(matched, data.table, 'the training data');
}

/** Another data set of a run, with labels in the training data's classes. @throws LanewiseError kind 'data' if it has others. */
export const matchData = (
  other: AnyDataset,
  data: Samples,
  terms: readonly LossTerm[],
): Samples => {
  const matched = matchClasses(
    samplesOf(other),
    namesOf(data, terms.flatMap(targetsOf)),
    `data set '${data.name}'`,
  );
  const type = pixelsOf(data) instanceof Uint8Array ? 'uint8' : undefined;
  const what = `samples of data set '${other.name}'`;
  checkScale(type, pixelsOf(matched), what, `those of '${data.name}' are`);
  return matched;
};

/** The figures of a run that can be watched. */
function figuresOf(
  terms: readonly LossTerm[],
  isValidated: boolean,
  checked: CheckedMetrics | undefined,
): Figure[] {
  const knowsAnswers = terms[0]?.loss.hits !== undefined;
  return [
    ['loss', 'lower'],
    ...(knowsAnswers ? ([['accuracy', 'higher']] as const) : []),
    ...(isValidated ? ([['valLoss', 'lower']] as const) : []),
    ...(isValidated && knowsAnswers ? ([['valAccuracy', 'higher']] as const) : []),
    ...(checked?.metrics ?? []).map(({ name, better }): Figure => [name, better]),
  ];
}

function metricsOf(
  model: Model,
  terms: readonly LossTerm[],
  metrics: TrainSettings['metrics'] = [],
  validation: Samples | undefined,
): CheckedMetrics | undefined {
  if (metrics.length === 0) return undefined;
  if (validation) return checkMetrics(model, terms, validation, metrics);
  throw new LanewiseError(
    'argument',
    'metrics need validation data, and there is none',
    'add the setting validation',
  );
}
