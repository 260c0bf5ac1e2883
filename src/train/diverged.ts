/** The errors of runs whose numbers became none: at which step, and in which layer it begins. */
import { samplesAt } from '../data/chosen.js';
import type { Samples } from '../data/samples.js';
import { LanewiseError } from '../base/errors.js';
import { SMALLER_STEPS } from '../optimizers/optimizer.js';
import type { Run } from './live-run.js';
import { placeAt } from './run-state.js';

/**
 * The loss of step `step` (of the run, from 0) was `loss`. Weights and statistics must be as they were then: the step's update was
 * left out.
 */
export async function lossDiverged(run: Run, loss: number, step: number): Promise<LanewiseError> {
  const { settings, size } = run;
  const { data, sampler, batch, seed } = settings;
  const { epoch, done: position } = placeAt(run.state, size, step);
  const minibatch = async () => {
    if (data.source?.open) return undefined;
    const order = sampler.order(data.count, seed, epoch);
    return samplesAt(data, order.subarray(position * batch, (position + 1) * batch));
  };
  const what = `the loss became ${loss} in epoch ${epoch}, step ${position + 1}`;
  return diverged(run, what, await reasonOf(run, minibatch));
}

/** The validation loss was `loss`, by the weights at hand. */
export async function validationDiverged(run: Run, loss: number): Promise<LanewiseError> {
  const what = `the validation loss became ${loss} after step ${run.state.step}`;
  return diverged(run, what, await reasonOf(run, async () => run.settings.validation));
}

/**
 * A loss is seen before its update: only the weights show what the last one did.
 * @throws LanewiseError kind 'engine' for weights that are no numbers.
 */
export function ensureFinite(run: Run): void {
  const { state, size } = run;
  for (const [name, values] of run.session.readWeights()) {
    // `includes` is the engine's own loop: one of ours takes milliseconds in a process that has just started.
    const wrong = [NaN, Infinity, -Infinity].find((value) => values.includes(value));
    if (wrong === undefined) continue;
    const { epoch, done } = placeAt(state, size, state.step - 1);
    const place = `epoch ${epoch}, step ${done + 1}`;
    throw diverged(run, `the last update made '${name}' ${wrong} in ${place}`);
  }
}

/** The weights at hand are not worth keeping from here. */
function diverged(run: Run, what: string, reason?: Reason): LanewiseError {
  run.isDiverged = true;
  const { message, hint } = reason ?? { message: '', hint: SMALLER_STEPS };
  return new LanewiseError('engine', message ? `${what}: ${message}` : what, hint);
}

interface Reason {
  readonly message: string;
  readonly hint?: string | undefined;
}

async function reasonOf(
  { model, settings, session }: Run,
  samples: () => Promise<Samples | undefined>,
): Promise<Reason | undefined> {
  try {
    const shown = await samples();
    if (!shown) return undefined;
    // Loaded where it is needed: it may never be.
    const { explainDivergence } = await import('../look/divergence.js');
    const { terms, numerics } = settings;
    const weights = session.readWeights();
    return await explainDivergence(model, terms, weights, shown, numerics);
  } catch {
    // Such as a sample that cannot be read any more. That the run diverged is the news.
    return undefined;
  }
}
