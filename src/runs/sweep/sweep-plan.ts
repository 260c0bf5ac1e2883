/** What a sweep is to do, checked before anything trains: its settings, the figure that decides, and what it goes on from. */
import {
  abortSignal,
  callable,
  checkKeys,
  checkOptions,
  flag,
  isObject,
  quote,
  refuse,
  required,
  text,
  wholeFrom,
} from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import type { AnyDataset } from '../../data/dataset.js';
import { checkResume } from '../../train/resume.js';
import { resolveSettings } from '../../train/resolve-settings.js';
import type { ResolvedSettings } from '../../train/settings.js';
import type { Halving } from './halving.js';
import type { Judge } from './setting-scores.js';
import {
  checkSpace,
  drawnOf,
  gridOf,
  nameOfValues,
  type SearchSpace,
  type TriedValues,
} from './search-space.js';
import type { SweepRecord, SweepRow } from './sweep-file.js';
import type { SweepRun } from './sweep-setting.js';

/** The user's function: the run of a setting. */
export type Make<Space extends SearchSpace = SearchSpace> = (
  values: TriedValues<Space>,
) => SweepRun | Promise<SweepRun>;

/** Options of `sweep`. */
export interface SweepOptions {
  /** The sweep's folder: its file, its report, and a folder for each setting's run, by its number. */
  readonly folder: string;
  /** Draws so many settings; default all combinations. */
  readonly random?: number;
  /** Seed of what is drawn; default 1. */
  readonly seed?: number;
  /** Trains all for a few epochs and only the best of them on (successive halving); default false. */
  readonly halving?: boolean | Halving;
  /** The figure of the validation data that decides; default `valAccuracy`, or `valLoss` where no accuracy is known. */
  readonly figure?: string;
  /** Settings that train at the same time; default as many as the machine runs threads. No result depends on it. */
  readonly jobs?: number;
  /** The data that the best setting's model is scored on at the end. Nothing is chosen by it. */
  readonly test?: AnyDataset;
  /** Whether the sweep and its runs end with reports, pages to look at; default true. */
  readonly report?: boolean;
  /** Starts over even if the folder holds a sweep, whose runs are lost. */
  readonly fresh?: boolean;
  /** Stops the sweep after the current steps; the same call goes on. */
  readonly signal?: AbortSignal;
  /** Called when a setting has trained as far as it is to, for the time being. */
  readonly onSetting?: (row: SweepRow) => unknown;
}

/** A setting's run, checked. */
export interface Planned {
  readonly values: TriedValues;
  readonly settings: ResolvedSettings;
}

/** The settings, in the order of their numbers. @throws LanewiseError kind 'argument'. */
export function settingsToTry(
  space: SearchSpace,
  make: unknown,
  options: SweepOptions,
): readonly TriedValues[] {
  checkSpace('sweep', space);
  callable('sweep', 'make', make);
  checkOptions('sweep', options, {
    folder: required(text),
    random: wholeFrom(1, 10_000),
    seed: wholeFrom(0),
    halving: (owner, name, value) => {
      if (!isObject(value)) return flag(owner, name, value);
      checkKeys(`${owner}: ${name}`, value, ['factor']);
      return value['factor'] === undefined || wholeFrom(2)(owner, 'factor', value['factor']);
    },
    figure: text,
    jobs: wholeFrom(1),
    test: true,
    report: flag,
    fresh: flag,
    signal: abortSignal,
    onSetting: callable,
  });
  const { random, seed = 1 } = options;
  return random === undefined ? gridOf('sweep', space) : drawnOf('sweep', space, random, seed);
}

/** @throws LanewiseError that names the setting, for one which `train` would refuse. */
export async function plannedOf(make: Make, values: TriedValues, number: number): Promise<Planned> {
  try {
    const run = await make(values);
    if (!isObject(run) || !isObject(run.settings))
      refuse('sweep', 'what make returns', run, '{ model, settings }');
    checkKeys('sweep: what make returns', run, ['model', 'settings', 'name', 'finish']);
    const settings = resolveSettings(run.model, run.settings);
    if (settings.validation) return { values, settings };
    throw new LanewiseError(
      'argument',
      'there is no validation data, by which settings are chosen',
      'add the setting validation, such as a part of the training data: split(data, 0.9)',
    );
  } catch (error) {
    throw ofSetting(error, number, values);
  }
}

export function ofSetting(error: unknown, number: number, values: TriedValues): unknown {
  if (!(error instanceof LanewiseError)) return error;
  const { kind, message, hint } = error;
  return new LanewiseError(kind, `setting ${number} (${nameOfValues(values)}): ${message}`, hint, {
    cause: error,
  });
}

/** The figure that decides, which every setting must have. */
export function judgeOf(planned: readonly Planned[], wanted: string | undefined): Judge {
  const figures = planned.map(({ settings }) => [
    ...(settings.terms[0]?.loss.hits ? ([['valAccuracy', 'higher']] as const) : []),
    ['valLoss', 'lower'] as const,
    ...(settings.metrics?.metrics ?? []).map(({ name, better }) => [name, better] as const),
  ]);
  const common = figures[0]!.filter(([name]) =>
    figures.every((own) => own.some(([other]) => other === name)),
  );
  // Of targets that are values there are no right answers, though the loss may know some of classes.
  const areValues = planned.some(({ settings: { data } }) => {
    const [first] = Object.values(data.targets);
    return first?.values instanceof Float32Array;
  });
  const usual = areValues ? 'valLoss' : undefined;
  const name = wanted ?? usual;
  const found = common.find(([one]) => name === undefined || one === name);
  if (found) return { figure: found[0], better: found[1] };
  const names = common.map(([one]) => one).join(', ');
  throw new LanewiseError(
    'argument',
    `sweep: figure is ${quote(wanted)}, expected one that all settings have of the validation data: ${names}`,
    'the setting metrics adds others, such as f1',
  );
}

export const waiting = (number: number, values: TriedValues): SweepRow => ({
  number,
  values,
  state: 'waiting',
  history: [],
  seconds: 0,
});

/**
 * The sweep to go on with. Without halving there may be more settings now, after the same ones.
 * @throws LanewiseError kind 'argument' if the folder holds another sweep.
 */
export function goOn(
  folder: string,
  before: SweepRecord | undefined,
  now: SweepRecord,
): SweepRecord {
  if (!before) return now;
  const whole = { figure: now.figure, halving: now.halving };
  const earlier = { figure: before.figure, halving: before.halving };
  const values = (rows: readonly SweepRow[]) => rows.map((row) => JSON.stringify(row.values));
  const [was, is] = [values(before.rows), values(now.rows)];
  const isSame = was.every((one, i) => one === is[i]);
  const isLonger = now.rows.length > before.rows.length && now.halving === undefined;
  const isOther =
    JSON.stringify(whole) !== JSON.stringify(earlier) ||
    !isSame ||
    (was.length !== is.length && !isLonger);
  const hint =
    'call it as it was called, start over and lose it (fresh: true), or take another folder';
  if (isOther)
    throw new LanewiseError(
      'argument',
      `'${folder}' holds another sweep: ${was.length} settings by ${before.figure}${before.halving === undefined ? '' : `, halved by ${before.halving}`}, the first of them ${nameOfValues(before.rows[0]!.values)}; now ${is.length} by ${now.figure}${now.halving === undefined ? '' : `, halved by ${now.halving}`}, the first of them ${nameOfValues(now.rows[0]!.values)}`,
      hint,
    );
  try {
    checkResume(before.description, now.description, []);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    const message = error.message.replace('the run to resume is', `the sweep in '${folder}' is`);
    throw new LanewiseError('argument', message.replaceAll('in the checkpoint', 'there'), hint, {
      cause: error,
    });
  }
  const { best: _, test: __, ...rest } = before;
  return isLonger ? { ...rest, rows: [...before.rows, ...now.rows.slice(was.length)] } : before;
}
