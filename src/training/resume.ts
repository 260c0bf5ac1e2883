/** Taking a run up where a checkpoint left it. */
import { LanewiseError } from '../errors.js';
import type { Session, Weights } from '../parallel/session.js';
import type { Checkpoint } from './checkpoint.js';
import { differences, type RunDescription } from './describe-run.js';
import type { RunSize, RunState } from './run-state.js';
import type { ResolvedSettings } from './settings.js';

/** What weights and arrays have to fit: never overridden. */
const FIXED = ['model'];

/** Differences that are spelled out at most. */
const MOST = 8;

/**
 * Refuses a checkpoint of another run than the one described.
 * @param override names of the description whose differences are meant: `epochs`, `optimizer`, `data`.
 * @returns those of the names that differ.
 * @throws LanewiseError kind 'argument' with each difference and what to do.
 */
export function checkResume(
  before: RunDescription,
  now: RunDescription,
  override: readonly string[],
): readonly string[] {
  const known = new Set([...Object.keys(before), ...Object.keys(now)]);
  const unknown = override.find((name) => !known.has(name) || FIXED.includes(name));
  if (unknown !== undefined) {
    const names = [...known].filter((name) => !FIXED.includes(name));
    throw new LanewiseError(
      'argument',
      `'${unknown}' cannot be overridden, expected one of ${names.join(', ')}`,
    );
  }
  const all = differences(before, now);
  const found = all.filter(({ name }) => !override.includes(name));
  if (found.length === 0) return [...new Set(all.map(({ name }) => name))];
  const texts = found.slice(0, MOST).map(({ text }) => `\n  ${text}`);
  const more = found.length > MOST ? `\n  and ${found.length - MOST} more` : '';
  const names = [...new Set(found.map(({ name }) => name))];
  throw new LanewiseError(
    'argument',
    `the run to resume is another one:${texts.join('')}${more}`,
    names.some((name) => FIXED.includes(name))
      ? 'start the run anew, or resume it with the model it began with'
      : `resume it with what it began with, or say that this is meant: override ${names.join(',')}`,
  );
}

/** A checkpoint to go on from. */
export interface Resumed {
  readonly checkpoint: Checkpoint;
  /** Names of the run's description that differ from the checkpoint's, which is meant. */
  readonly changed: readonly string[];
}

/**
 * Puts a checkpoint's weights and arrays into the session; answers with the state to go on from. Where minibatches
 * have changed, the epoch at hand begins anew; where the optimizer has become another, its arrays do.
 * @throws LanewiseError kind 'file' if the checkpoint contradicts what it says of its run; kind 'argument' if the run
 * is already longer than it is to be.
 */
export function takeUp(
  { checkpoint, changed }: Resumed,
  session: Session,
  settings: ResolvedSettings,
  size: RunSize,
): RunState {
  const { weights, state, stepsPerEpoch } = checkpoint;
  const isChanged = (...names: string[]) => names.some((name) => changed.includes(name));
  const isSameSize = stepsPerEpoch === size.stepsPerEpoch;
  const goesOn = isSameSize && !isChanged('batch');
  const totalsFit = state.totals.samples === (state.step % stepsPerEpoch) * settings.batch;
  if (!isChanged('data', 'batch') && !(isSameSize && totalsFit)) {
    throw damaged(
      `${state.totals.samples} samples of an epoch at step ${state.step}, epochs of ${stepsPerEpoch} steps, expected minibatches of ${settings.batch} and ${size.stepsPerEpoch} steps`,
    );
  }
  const isBestLost = settings.monitor?.keepsBest && state.best && !state.best.weights;
  if (isBestLost && !isChanged('monitor')) throw damaged('a best step without its weights');
  const { length: epochs } = state.history;
  const step = goesOn ? state.step : epochs * size.stepsPerEpoch;
  if (step > size.steps) {
    throw new LanewiseError(
      'argument',
      `the run to resume has taken ${step} steps already, and is to have ${size.steps} (${size.epochs} epochs of ${size.stepsPerEpoch})`,
      `resume it with at least ${Math.ceil(step / size.stepsPerEpoch)} epochs, or start a run anew`,
    );
  }
  session.writeWeights(weights);
  session.writeState(arraysToKeep(checkpoint, changed, session, settings));
  const known = { ...state, isAveraging: state.isAveraging && settings.average !== undefined };
  return goesOn ? known : { ...known, step, totals: { loss: 0, samples: 0, ms: 0 } };
}

/** Those of the checkpoint's arrays that mean now what they meant then. An average that is new begins with the weights. */
function arraysToKeep(
  { weights, arrays, description }: Checkpoint,
  changed: readonly string[],
  session: Session,
  { optimizer }: ResolvedSettings,
): Weights {
  const before = description['optimizer'] as { readonly kind?: unknown } | undefined;
  const isOther = changed.includes('optimizer') && before?.kind !== optimizer.kind;
  const expected = session.readState();
  const kept = new Map<string, Float32Array>();
  for (const name of new Set([...expected.keys(), ...arrays.keys()])) {
    const [kind, parameter] = [name.split('.', 1)[0]!, name.replace('average.', '')];
    const [found, wanted] = [arrays.get(name), expected.get(name)];
    if (found && found.length === wanted?.length) {
      if (!(kind === 'optimizer' && isOther)) kept.set(name, found);
    } else if (!changed.includes(kind) && !changed.includes('freeze')) {
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
    'start the run anew, without resuming',
  );
