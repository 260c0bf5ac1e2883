/** Taking a run up where a checkpoint left it. */
import { LanewiseError } from '../errors.js';
import type { Session } from '../parallel/session.js';
import type { Checkpoint } from './checkpoint.js';
import { differences, type RunDescription } from './describe-run.js';
import type { RunSize, RunState } from './run-state.js';

/** What weights and arrays have to fit: never overridden. */
const FIXED = ['model'];

/** Differences that are spelled out at most. */
const MOST = 8;

/**
 * Refuses a checkpoint of another run than the one described.
 * @param override names of the description whose differences are meant: `epochs`, `optimizer`, `data`.
 * @throws LanewiseError kind 'argument' with each difference and what to do.
 */
export function checkResume(
  before: RunDescription,
  now: RunDescription,
  override: readonly string[],
): void {
  const known = new Set([...Object.keys(before), ...Object.keys(now)]);
  const unknown = override.find((name) => !known.has(name) || FIXED.includes(name));
  if (unknown !== undefined) {
    const names = [...known].filter((name) => !FIXED.includes(name));
    throw new LanewiseError(
      'argument',
      `'${unknown}' cannot be overridden, expected one of ${names.join(', ')}`,
    );
  }
  const found = differences(before, now).filter(({ name }) => !override.includes(name));
  if (found.length === 0) return;
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

/**
 * Puts a checkpoint's weights and arrays into the session; answers with the state to go on from. Where minibatches
 * have changed, the epoch at hand begins anew.
 */
export function takeUp(checkpoint: Checkpoint, session: Session, size: RunSize): RunState {
  const { weights, arrays, state, stepsPerEpoch } = checkpoint;
  session.writeWeights(weights);
  session.writeState(arrays);
  if (stepsPerEpoch === size.stepsPerEpoch) return state;
  const { length: epochs } = state.history;
  return { ...state, step: epochs * size.stepsPerEpoch, totals: { loss: 0, samples: 0, ms: 0 } };
}
