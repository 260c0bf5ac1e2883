/** The figure that a run watches, to stop early and to keep its best weights. */
import { checkKeys, checkOptions, extent, notNegative } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import type { Weights } from '../crew/session.js';
import type { RunState } from './run-state.js';

/** The setting `earlyStopping`: which figure is watched, and how patiently. */
export interface EarlyStopping {
  /**
   * `loss`, `accuracy`, `valLoss`, `valAccuracy` or the name of one of the run's metrics. Default `valLoss`, or
   * `loss` without validation data.
   */
  readonly monitor?: string;
  /** The run ends after this many validations in a row (epochs, without validation data) without a new best; default 5. */
  readonly patience?: number;
  /** By how much a figure must improve to count as better; default 0. */
  readonly minDelta?: number;
}

/** The setting `keepBest`: which figure is watched. */
export interface KeepBest {
  /** As in `EarlyStopping`. */
  readonly monitor?: string;
}

/** What is watched, with nothing left open. */
export interface Monitor {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  readonly minDelta: number;
  /** Infinity if the run is not stopped early. */
  readonly patience: number;
  readonly keepsBest: boolean;
}

/** A figure's name and its direction. */
export type Figure = readonly [name: string, better: 'higher' | 'lower'];

/**
 * @param figures those that the run has.
 * @throws LanewiseError kind 'argument' for a figure that the run does not have, or values out of range.
 */
export function monitorOf(
  earlyStopping: EarlyStopping | undefined,
  keepBest: boolean | KeepBest | undefined,
  figures: readonly Figure[],
): Monitor | undefined {
  if (earlyStopping === undefined && !keepBest) return undefined;
  if (earlyStopping !== undefined)
    checkOptions('earlyStopping', earlyStopping, {
      monitor: true,
      patience: extent,
      minDelta: notNegative,
    });
  if (typeof keepBest === 'object') checkKeys('keepBest', keepBest, ['monitor']);
  const { patience = 5, minDelta = 0 } = earlyStopping ?? {};
  const names = figures.map(([name]) => name);
  const kept = typeof keepBest === 'object' ? keepBest.monitor : undefined;
  const wanted = earlyStopping?.monitor ?? kept;
  if (kept !== undefined && wanted !== kept) {
    throw new LanewiseError(
      'argument',
      `earlyStopping watches '${wanted}' and keepBest '${kept}', expected the same figure`,
    );
  }
  const name = wanted ?? (names.includes('valLoss') ? 'valLoss' : 'loss');
  const figure = figures.find(([known]) => known === name);
  if (!figure) {
    throw new LanewiseError(
      'argument',
      `the run has no figure '${name}' to watch, expected one of ${names.join(', ')}`,
      nearest(name, names),
    );
  }
  return {
    name,
    better: figure[1],
    minDelta: earlyStopping ? minDelta : 0,
    patience: earlyStopping ? patience : Infinity,
    keepsBest: Boolean(keepBest),
  };
}

/**
 * The state after a look at the monitored figure: a new best, or one more miss, and perhaps the end.
 * @param weights those that gave the figure; called only if they are to be kept.
 */
export function watch(
  state: RunState,
  { name, better, minDelta, patience, keepsBest }: Monitor,
  figures: Readonly<Record<string, number | undefined>>,
  place: { readonly step: number; readonly epoch: number },
  weights: () => Weights,
): RunState {
  const value = figures[name];
  if (value === undefined) return state;
  const { best } = state;
  const sign = better === 'higher' ? 1 : -1;
  if (!best || sign * (value - best.value) > minDelta) {
    const kept = keepsBest ? { weights: weights() } : {};
    return { ...state, misses: 0, best: { ...place, value, ...kept } };
  }
  const misses = state.misses + 1;
  if (misses < patience) return { ...state, misses };
  return {
    ...state,
    misses,
    stopped: `${name} has not been better than ${Number(best.value.toPrecision(6))} (epoch ${best.epoch}) for ${misses} ${misses === 1 ? 'look' : 'looks'}`,
  };
}
