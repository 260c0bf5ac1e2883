/** Resumes a run where a checkpoint left it. */
import { LanewiseError, nearest } from '../base/errors.js';
import type { Session, Weights } from '../crew/session.js';
import type { Checkpoint } from './checkpoint.js';
import { differences, presentDescription, type RunDescription } from './describe-run.js';
import { factorOf, schedule as schedules } from '../optimizers/index.js';
import type { RunSize, RunState, Totals } from './run-state.js';
import { SETTINGS, SETTING_NAMES, type AnySetting, type ResolvedSettings } from './settings.js';

/** Settings that weights and arrays must fit, which are never overridden. */
const FIXED = ['model'];

const settingNamed = (name: string): AnySetting | undefined =>
  (SETTINGS as Readonly<Record<string, AnySetting>>)[name];

/** Those of the names that are settings which change an epoch's order of samples, or its minibatches. */
const changing = (what: 'order' | 'minibatches', names: readonly string[]): string[] =>
  names.filter((name) => settingNamed(name)?.changes?.includes(what));

/** Differences that are spelled out, at most. */
const MOST = 8;

/**
 * Refuses a checkpoint of another run than the one described.
 * @param override names of settings that may differ: `epochs`, `optimizer`, `data`.
 * @returns the names among them that do differ.
 * @throws LanewiseError kind 'argument' with each difference and what to do.
 */
export function checkResume(
  earlier: RunDescription,
  now: RunDescription,
  override: readonly string[],
  stepsPerEpoch = 1,
): readonly string[] {
  const before = presentDescription(earlier, now, stepsPerEpoch);
  const known = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const settings = SETTING_NAMES.filter((name) => {
    const { described, entails }: AnySetting = SETTINGS[name];
    return entails !== undefined || typeof described !== 'object';
  });
  const names = [...new Set([...known.filter((name) => !FIXED.includes(name)), ...settings])];
  const unknown = override.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new LanewiseError(
      'argument',
      `'${unknown}' cannot be overridden, expected one of ${names.join(', ')}`,
      nearest(unknown, names),
    );
  }
  const meant = override.flatMap((name) => [name, ...(settingNamed(name)?.entails ?? [])]);
  const all = differences(before, now);
  const found = all.filter(({ name }) => !meant.includes(name));
  if (found.length === 0) return [...new Set(all.map(({ name }) => name))];
  const texts = found.slice(0, MOST).map(({ text }) => `\n  ${text}`);
  const more = found.length > MOST ? `\n  and ${found.length - MOST} more` : '';
  const differing = [...new Set(found.map(({ name }) => name))];
  throw new LanewiseError(
    'argument',
    `the run to resume is another one:${texts.join('')}${more}`,
    differing.some((name) => FIXED.includes(name))
      ? 'start the run over, or resume it with the model it began with'
      : `resume it with what it began with, or say that this is meant: override ${differing.join(',')}`,
  );
}

/** A checkpoint to go on from. */
export interface Resumed {
  readonly checkpoint: Checkpoint;
  /** Names in the run's description that differ from the checkpoint's, as allowed. */
  readonly changed: readonly string[];
  /** This file's function, passed along so that pages, which have no folders to resume from, do not load it. */
  readonly takeUp: typeof takeUp;
}

/** A state to go on from, and warnings of what is repeated, skipped or started over. */
export interface TakenUp {
  readonly state: RunState;
  readonly warnings: readonly string[];
}

/**
 * Puts a checkpoint's weights and arrays into the session and returns the state to go on from. Updates are counted on.
 * The current epoch goes on where its order is still the same, else it starts over; where the optimizer or the average
 * has changed, its arrays start over too.
 * @throws LanewiseError kind 'file' if the checkpoint contradicts its own description; kind 'argument' if the run is
 * already longer than it is to be.
 */
export function takeUp(
  { checkpoint, changed }: Pick<Resumed, 'checkpoint' | 'changed'>,
  session: Session,
  settings: ResolvedSettings,
  size: RunSize,
): TakenUp {
  const { weights, state, stepsPerEpoch } = checkpoint;
  const isChanged = (...names: string[]) => names.some((name) => changed.includes(name));
  checkConsistent(checkpoint, changed, settings, size);
  const warnings: string[] = [];
  const place = placeToGoOn(checkpoint, changed, settings, size, warnings);
  if (place.at > size.steps) {
    throw new LanewiseError(
      'argument',
      `the run to resume has taken ${place.at} steps already, and is to have ${size.steps} (${size.epochs} epochs of ${size.stepsPerEpoch})`,
      `resume it with at least ${Math.ceil(place.at / size.stepsPerEpoch)} epochs, or start the run over`,
    );
  }
  const { description } = checkpoint;
  if (!isChanged('loss') && settings.terms.some(({ loss }) => loss.source !== undefined))
    warnings.push(
      'loss is a function: that its text is the same has been checked, values that it takes from elsewhere have not',
    );
  const fresh = {
    optimizer: isOptimizerFresh(checkpoint, changed, session, settings),
    average: isChanged('average') && kindOf(description['average']) !== settings.average?.kind,
  };
  if (fresh.optimizer && session.viewState().size > 0)
    warnings.push(`the optimizer starts over: ${whyAnew(checkpoint, changed, settings)}`);
  if (fresh.average && settings.average && state.step > 0)
    warnings.push('the average of the weights starts over with the next step');
  session.writeWeights(weights);
  session.writeState(arraysToKeep(checkpoint, changed, session, fresh));
  const shift = state.step - place.at;
  const isOtherSize = shift !== state.shift || size.stepsPerEpoch !== stepsPerEpoch;
  const stretch = { until: state.step, shift: state.shift, stepsPerEpoch };
  const isAveraging = state.isAveraging && settings.average !== undefined && !fresh.average;
  return {
    state: {
      ...watchedOf(checkpoint, settings, isChanged, warnings),
      shift,
      stretches: isOtherSize && state.step > 0 ? [...state.stretches, stretch] : state.stretches,
      optimizerFrom: fresh.optimizer ? state.step : state.optimizerFrom,
      scheduleFrom: isChanged('schedule') ? scheduleFrom(checkpoint, settings) : state.scheduleFrom,
      isAveraging,
      averaged: isAveraging ? state.averaged : 0,
      totals: place.totals,
    },
    warnings,
  };
}

/** @throws LanewiseError kind 'file' for a place in the data that contradicts the counts. */
function checkConsistent(
  { state, stepsPerEpoch }: Checkpoint,
  changed: readonly string[],
  settings: ResolvedSettings,
  size: RunSize,
): void {
  const isChanged = (...names: string[]) => names.some((name) => changed.includes(name));
  const isSameSize = stepsPerEpoch === size.stepsPerEpoch;
  const done = (state.step - state.shift) % stepsPerEpoch;
  const totalsFit = state.totals.samples === done * settings.batch;
  if (changing('minibatches', changed).length === 0 && !(isSameSize && totalsFit)) {
    throw damaged(
      `${state.totals.samples} samples of an epoch at step ${state.step}, epochs of ${stepsPerEpoch} steps, expected minibatches of ${settings.batch} and ${size.stepsPerEpoch} steps`,
    );
  }
  const isBestLost = settings.monitor?.keepsBest && state.best && !state.best.weights;
  if (isBestLost && !isChanged('earlyStopping', 'keepBest'))
    throw damaged('a best step without its weights');
}

const NO_TOTALS: Totals = { loss: 0, samples: 0, ms: 0 };

/** Where the run goes on, in steps of the present size, with the epoch's sums up to there. */
function placeToGoOn(
  { state, stepsPerEpoch }: Checkpoint,
  changed: readonly string[],
  { batch }: ResolvedSettings,
  size: RunSize,
  warnings: string[],
): { readonly at: number; readonly totals: Totals } {
  const { totals, history } = state;
  const begun = history.length * size.stepsPerEpoch;
  const others = changing('order', changed);
  const { samples } = totals;
  const epoch = `epoch ${history.length + 1}`;
  if (samples === 0) return { at: begun, totals: NO_TOTALS };
  if (others.length > 0) {
    warnings.push(
      `${epoch} starts over, as its samples have another order now (${others.join(', ')}): the ${samples} already taken are taken again`,
    );
    return { at: begun, totals: NO_TOTALS };
  }
  const done = Math.min(Math.floor(samples / batch), size.stepsPerEpoch - 1);
  const kept = done * batch;
  if (kept === samples && size.stepsPerEpoch === stepsPerEpoch) return { at: begun + done, totals };
  const repeated = samples - kept;
  warnings.push(
    `${epoch} goes on in minibatches of ${batch} after ${kept} of its ${size.samples} samples: ${
      repeated === 0
        ? 'none is repeated or skipped'
        : `the last ${repeated} of the ${samples} already taken are taken again`
    }`,
  );
  const share = kept / samples;
  const { loss, hits, answers, voids, ms } = totals;
  if (kept === 0) return { at: begun, totals: NO_TOTALS };
  return {
    at: begun + done,
    totals: {
      loss: loss * share,
      ...(hits === undefined ? {} : { hits: hits * share }),
      ...(answers === undefined ? {} : { answers: answers * share }),
      samples: kept,
      ...(voids === undefined ? {} : { voids: voids * share }),
      ms: ms * share,
    },
  };
}

/** The state without the best and the stop of a watched figure that is another one now. */
function watchedOf(
  { state, description }: Checkpoint,
  { monitor }: ResolvedSettings,
  isChanged: (...names: string[]) => boolean,
  warnings: string[],
): RunState {
  const isOfTraining = monitor?.name === 'loss' || monitor?.name === 'accuracy';
  const isOtherData = isChanged('validation', 'loss') || (isOfTraining && isChanged('data'));
  if (!isOtherData && !isChanged('earlyStopping', 'keepBest')) return state;
  const { best, stopped: _, ...others } = state;
  const before = ['earlyStopping', 'keepBest', 'monitor'].map((name) => description[name]) as {
    readonly monitor?: string;
    readonly name?: string;
  }[];
  const isOther = before.every((one) => (one?.monitor ?? one?.name) !== monitor?.name);
  const isLost = monitor?.keepsBest && best && !best.weights;
  if (!isOtherData && !isOther && !isLost) return { ...others, ...(best ? { best } : {}) };
  if (best && monitor)
    warnings.push(
      `the best so far (${best.value}, of epoch ${best.epoch}) is forgotten: ${isLost ? `no weights were kept for ${monitor.name}` : `${monitor.name} measures something else now`}`,
    );
  return { ...others, misses: 0 };
}

/** A schedule that looks back sees no epochs before it began; one of the same kind goes on with the rate reached. */
function scheduleFrom(
  { state, stepsPerEpoch, description }: Checkpoint,
  { schedule }: ResolvedSettings,
): RunState['scheduleFrom'] {
  const epochs = state.history.length;
  const before = description['schedule'];
  const looksBack = 'reduceOnPlateau';
  if (typeof schedule === 'string' || schedule.kind !== looksBack || kindOf(before) !== looksBack)
    return { epochs, factor: 1 };
  const { kind: _, ...options } = before as Readonly<Record<string, unknown>>;
  const { epochs: from, factor: carried } = state.scheduleFrom;
  const factor = factorOf(schedules.reduceOnPlateau(options), {
    step: state.step - state.shift,
    steps: Number(description['epochs']) * stepsPerEpoch,
    stepsPerEpoch,
    history: state.history.slice(from),
    carried,
  });
  return { epochs, factor };
}

const kindOf = (described: unknown): string | undefined =>
  (described as { readonly kind?: string } | undefined)?.kind;

function whyAnew(
  { description }: Checkpoint,
  changed: readonly string[],
  { optimizer }: ResolvedSettings,
): string {
  const kind = kindOf(description['optimizer']) ?? 'another';
  if (kind === optimizer.kind && !changed.includes('optimizer'))
    return `${kind} has no arrays for parameters that ${changed.includes('freeze') ? 'were frozen' : 'the loss did not reach'}`;
  return `${optimizer.kind} cannot go on with the state of ${kind === optimizer.kind ? 'another form of it' : kind}`;
}

/**
 * Whether the optimizer's arrays must start over: they are another rule's, have another form, or some are missing in a
 * rule that counts its updates, because parameters were frozen or not in the loss.
 */
function isOptimizerFresh(
  { arrays, description }: Checkpoint,
  changed: readonly string[],
  session: Session,
  { optimizer }: ResolvedSettings,
): boolean {
  const before = description['optimizer'] as Readonly<Record<string, unknown>> | undefined;
  if (changed.includes('optimizer')) {
    const { formedBy = [] } = optimizer;
    const isOther = formedBy.some((name) => before?.[name] !== optimizer.settings[name]);
    const has = [...arrays.keys()].filter((name) => name.startsWith('optimizer.'));
    const count = new Set(has.map((name) => name.split('.')[1])).size;
    if (before?.['kind'] !== optimizer.kind || isOther || count !== optimizer.stateArrays)
      return true;
  }
  if (!changed.includes('freeze') && !changed.includes('loss')) return false;
  const counts = String(optimizer.rates(0, 1)) !== String(optimizer.rates(1, 1));
  const names = [...session.viewState().keys()].filter((name) => name.startsWith('optimizer.'));
  return counts && names.some((name) => !arrays.has(name));
}

/** The checkpoint's arrays that still mean the same. A new average begins with the weights. */
function arraysToKeep(
  { weights, arrays }: Checkpoint,
  changed: readonly string[],
  session: Session,
  fresh: { readonly optimizer: boolean; readonly average: boolean },
): Weights {
  const expected = session.viewState();
  const kept = new Map<string, Float32Array>();
  for (const name of new Set([...expected.keys(), ...arrays.keys()])) {
    const kind = name.split('.', 1)[0] as keyof typeof fresh;
    const parameter = name.replace('average.', '');
    const [found, wanted] = [arrays.get(name), expected.get(name)];
    if (found && found.length === wanted?.length) {
      if (!fresh[kind]) kept.set(name, found);
      else if (kind === 'average') kept.set(name, weights.get(parameter)!);
    } else if (![kind, 'freeze', 'loss'].some((name) => changed.includes(name))) {
      throw damaged(
        `${found?.length ?? 'no'} values of '${name}', expected ${wanted?.length ?? 'none'}`,
      );
    } else if (kind === 'average' && wanted) kept.set(name, weights.get(parameter)!);
  }
  return kept;
}

const damaged = (what: string): LanewiseError =>
  new LanewiseError(
    'file',
    `the checkpoint contradicts itself: it has ${what}`,
    'start the run over, without resuming',
  );
