/** Errors of runs whose loss or weights stopped being finite: they name the step and the layer where that began. */
import { samplesAt } from '../data/chosen.js';
import { orderOf } from '../data/order-of.js';
import type { Samples } from '../data/samples.js';
import { LanewiseError } from '../base/errors.js';
import { SMALLER_STEPS } from '../optimizers/optimizer.js';
import type { Run } from './live-run.js';
import { placeAt } from './run-state.js';

/**
 * The error for step `step` (of the run, from 0), whose loss was `loss`. Weights and statistics must be those before the
 * step; its update was left out.
 */
export async function lossDiverged(run: Run, loss: number, step: number): Promise<LanewiseError> {
  const { settings, size } = run;
  const { data, sampler, batch, seed } = settings;
  const { epoch, done: position } = placeAt(run.state, size, step);
  const minibatch = async () => {
    if (data.source?.open) return undefined;
    const order = orderOf(sampler, data.count, seed, epoch);
    return samplesAt(data, order.subarray(position * batch, (position + 1) * batch));
  };
  const what = `the loss became ${loss} in epoch ${epoch}, step ${position + 1}`;
  return diverged(run, what, await reasonOf(run, minibatch));
}

/** The error for a validation loss of `loss`, computed with the current weights. */
export async function validationDiverged(run: Run, loss: number): Promise<LanewiseError> {
  const what = `the validation loss became ${loss} after step ${run.state.step}`;
  return diverged(run, what, await reasonOf(run, async () => run.settings.validation));
}

/**
 * A loss is computed before its update, so only the weights show what the last update did.
 * @throws LanewiseError kind 'engine' for weights that are not finite.
 */
export function ensureFinite(run: Run): void {
  const { state, size } = run;
  for (const [name, values] of run.session.viewWeights()) {
    // `includes` is the engine's own loop; one of ours takes milliseconds in a process that has just started.
    const wrong = [NaN, Infinity, -Infinity].find((value) => values.includes(value));
    if (wrong === undefined) continue;
    const { epoch, done } = placeAt(state, size, state.step - 1);
    const place = `epoch ${epoch}, step ${done + 1}`;
    throw diverged(run, `the last update made '${name}' ${wrong} in ${place}`);
  }
}

/** The errors of runs that diverged. */
const divergences = new WeakSet<object>();

/** Whether an error, or what caused it, says that a run diverged. */
export function isDivergence(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause)
    if (divergences.has(one)) return true;
  return false;
}

/** The error for a run that diverged; from here on its weights are not worth keeping. */
function diverged(run: Run, what: string, reason?: Reason): LanewiseError {
  run.isSpoiled = true;
  const { message, hint } = reason ?? { message: '', hint: SMALLER_STEPS };
  const error = new LanewiseError('engine', message ? `${what}: ${message}` : what, hint);
  divergences.add(error);
  return error;
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
    // Loaded only when a run diverges, which most never do.
    const { explainDivergence } = await import('../look/divergence.js');
    const { terms, numerics } = settings;
    const weights = session.readWeights();
    return await explainDivergence(model, terms, weights, shown, numerics);
  } catch {
    // A sample may have become unreadable; that the run diverged matters more.
    return undefined;
  }
}
