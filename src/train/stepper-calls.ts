/** The calls of a stepper, which run one at a time. */
import { checkFinite } from '../base/check-values.js';
import { readSource, sourceName, type FileSource } from '../data/file-source.js';
import type { Samples } from '../data/samples.js';
import { LanewiseError, nearest, show } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import { lossTerms, type LossTerm } from '../losses/terms.js';
import { ratesOfStep } from '../optimizers/index.js';
import { checkInputs, checkOutputs, defaultTerms } from '../feed/check-fit.js';
import { columnsOf } from '../feed/columns.js';
import type { Weights } from '../crew/session.js';
import type { StepMetrics } from '../step/step-metrics.js';
import {
  closeDriven,
  copyOf,
  gradientViews,
  loadMinibatch,
  openDriven,
  takeGradients,
  takeScores,
  takeStep,
  takeUpdate,
  UpdateLost,
  type DrivenRun,
  type LoadedMinibatch,
  type Values,
} from '../crew/stepping.js';
import type { DataDescription } from '../trained/data-description.js';
import { checkWeights } from '../trained/check-weights.js';
import { SMALLER_STEPS } from '../optimizers/optimizer.js';
import { summarize } from '../metrics/summary.js';
import { accuracyOf } from './run-state.js';
import { describedBatch } from './minibatch.js';
import type { GroupMember, SharedGroup } from './shared-values.js';
import type { StepGradients, StepLoss, StepResult } from './stepper.js';
import { decodeStepper, encodeStepper } from './stepper-file.js';
import type { ResolvedStepperSettings } from './stepper-settings.js';
import { createTrainedModel, type TrainedModel } from '../trained/trained-model.js';

/** A stepper's state between calls. */
export interface Driver {
  readonly model: Model;
  readonly settings: ResolvedStepperSettings;
  readonly group: SharedGroup;
  readonly member: GroupMember;
  readonly key: readonly [number, number];
  /** Weights and state until the first run. */
  begun: Values;
  /** Absent until the first minibatch. */
  run: DrivenRun | undefined;
  /** The losses; undefined until the first minibatch or a state decides them, if the settings do not. */
  terms: readonly LossTerm[] | undefined;
  /** The class names and the form of samples of the minibatches so far. */
  description: DataDescription;
  /** Predicts with the current values. */
  predictor: { readonly weights: Weights; readonly trained: TrainedModel } | undefined;
  steps: number;
  /** Steps whose weights are in the average. */
  averaged: number;
  state: 'open' | 'lost' | 'closed';
}

export function checkOpen({ state }: Driver, owner: string): void {
  if (state === 'open') return;
  throw new LanewiseError(
    'argument',
    state === 'closed'
      ? `${owner}: the stepper is closed`
      : `${owner}: a worker thread failed while it wrote the weights, which are unknown since then`,
    state === 'closed' ? undefined : 'restore a state, or begin again',
  );
}

const valuesOf = ({ run, begun }: Driver): Values => run?.values ?? begun;

/** The weights, with the changes of steppers that share them. */
export function weightsNow(driver: Driver): Weights {
  const { weights } = valuesOf(driver);
  driver.member.pull(weights);
  return weights;
}

/** Puts a minibatch into memory; the first one opens the run. */
async function load(
  driver: Driver,
  given: Samples,
  purpose: 'step' | 'score',
): Promise<LoadedMinibatch & { readonly data: Samples }> {
  const { model } = driver;
  const run = driver.run ?? (await openRun(driver, given));
  const { data, description } = describedBatch(driver.description, given, run.terms);
  const columns = columnsOf(model, run.terms, data);
  checkInputs(model, data);
  const loaded = await loadMinibatch(run, columns, purpose);
  driver.run = run;
  driver.terms = run.terms;
  describe(driver, description);
  driver.member.pull(run.values.weights);
  return { ...loaded, data };
}

/** Records what batches are; the next prediction goes by it. */
function describe(driver: Driver, description: DataDescription): void {
  if (driver.description === description) return;
  driver.description = description;
  driver.predictor = undefined;
}

async function openRun(driver: Driver, data: Samples): Promise<DrivenRun> {
  const { model, settings, member, begun } = driver;
  const isOwn = typeof settings.loss === 'function';
  const terms = (isOwn ? undefined : driver.terms) ?? defaultTerms(model, data, settings.loss);
  checkOutputs(model, terms);
  const { numerics, workers } = settings;
  return openDriven({ model, terms, numerics, workers, training: settings }, begun, (from, to) =>
    member.move(from.weights, to.weights),
  );
}

export async function runStep(
  driver: Driver,
  given: Samples,
  lr: number | undefined,
): Promise<StepResult> {
  const { data, ...loaded } = await load(driver, given, 'step');
  const { rate, rates, isAveraged } = ratesOf(driver, lr);
  const at = { number: driver.steps, key: driver.key };
  const found = await takeStep(loaded, at, rates).catch((error) => lose(driver, error));
  await checkLoss(driver, found.loss, data, `in step ${driver.steps + 1}`);
  count(driver, loaded, isAveraged);
  return { step: driver.steps, ...told(found), rate };
}

export async function runGradients(driver: Driver, given: Samples): Promise<StepGradients> {
  const { data, ...loaded } = await load(driver, given, 'step');
  const found = await takeGradients(loaded, { number: driver.steps, key: driver.key });
  await checkLoss(driver, found.loss, data, `in step ${driver.steps + 1}`);
  return { ...told(found), gradients: new Map(copyOf(found.gradients)) };
}

export async function runApply(
  driver: Driver,
  gradients: Weights,
  lr: number | undefined,
): Promise<Pick<StepResult, 'step' | 'rate'>> {
  const open = driver.run?.open;
  if (!open) {
    throw new LanewiseError(
      'argument',
      'apply before the first batch: its samples say what shapes a step has',
      'gradients(batch) gives gradients',
    );
  }
  checkGradients(gradientViews(open), gradients);
  driver.member.pull(valuesOf(driver).weights);
  const { rate, rates, isAveraged } = ratesOf(driver, lr);
  await takeUpdate(open, gradients, rates).catch((error) => lose(driver, error));
  count(driver, { open }, isAveraged);
  return { step: driver.steps, rate };
}

export async function runLoss(driver: Driver, given: Samples): Promise<StepLoss> {
  const { data, ...loaded } = await load(driver, given, 'score');
  const found = await takeScores(loaded);
  const { loss, accuracy } = summarize({ ...found, scores: new Float32Array() }, data);
  await checkLoss(driver, loss, data, `after step ${driver.steps}`);
  const samples = loaded.minibatch.size;
  // Without an answer that counts there is no share of right ones.
  return { loss, ...(Number.isFinite(accuracy) ? { accuracy } : {}), samples };
}

/** Counts a step: what it changed is the newest now. */
function count(driver: Driver, { open }: Pick<LoadedMinibatch, 'open'>, isAveraged: boolean): void {
  driver.steps++;
  if (isAveraged) driver.averaged++;
  driver.member.push(valuesOf(driver).weights, gradientViews(open).keys());
}

const told = ({ loss, samples, ...metrics }: StepMetrics): StepLoss => ({
  loss,
  ...accuracyOf({ samples, ...metrics }),
  samples,
});

/** The kernels' values for the next step. `lr` is the first group's rate; the others change with it. */
function ratesOf({ settings, steps, averaged }: Driver, lr: number | undefined) {
  const { optimizer, average } = settings;
  const { learningRate } = optimizer;
  const factor =
    lr === undefined ? settings.factor(steps) : learningRate > 0 ? lr / learningRate : 1;
  const rate = lr ?? learningRate * factor;
  // Not lr / learningRate · learningRate, which may round to another number.
  const own = lr === undefined ? [] : optimizer.rates(steps, lr);
  const values = ratesOfStep(optimizer, steps, factor).map((value, i) => own[i] ?? value);
  if (!average) return { rate, rates: values, isAveraged: false };
  const share = average.share(steps, 1, steps + 1, { updates: steps, averaged });
  return { rate, rates: [...values, share], isAveraged: share > 0 };
}

/** @throws LanewiseError kind 'argument' unless they are finite and match `expected` in names and sizes. */
function checkGradients(expected: Weights, gradients: Weights): void {
  const refuse = (what: string, hint?: string): never => {
    throw new LanewiseError('argument', `apply: ${what}`, hint);
  };
  if (!(gradients instanceof Map))
    refuse(
      `gradients are ${show(gradients)}, expected a Map of arrays by name`,
      'gradients(batch) resolves to { gradients, … }',
    );
  const names = [...expected.keys()];
  for (const name of gradients.keys())
    if (!expected.has(name)) refuse(`'${name}' is not trained`, nearest(name, names));
  for (const [name, { length }] of expected) {
    const values = gradients.get(name);
    if (!(values instanceof Float32Array) || values.length !== length)
      refuse(
        `gradient of '${name}' is ${values instanceof Float32Array ? `${values.length} values` : show(values)}, expected a Float32Array of ${length}`,
        values ? undefined : 'gradients(batch) returns one for everything that a step changes',
      );
    checkFinite('argument', `apply: gradient of '${name}'`, values);
  }
}

/** Marks the weights as unknown: a thread failed while it wrote them. */
function lose(driver: Driver, error: unknown): never {
  if (error instanceof UpdateLost) driver.state = 'lost';
  throw error;
}

/** @throws LanewiseError kind 'engine' for a loss that is not finite, with the layer where that began. */
async function checkLoss(driver: Driver, loss: number, data: Samples, when: string): Promise<void> {
  if (Number.isFinite(loss)) return;
  const { model, settings, run } = driver;
  // Loaded only when a loss diverges, which most never do.
  const { explainDivergence } = await import('../look/divergence.js');
  const weights = valuesOf(driver).weights;
  const reason = await explainDivergence(model, run!.terms, weights, data, settings.numerics).catch(
    () => ({ message: '', hint: SMALLER_STEPS }),
  );
  throw new LanewiseError(
    'engine',
    `the loss became ${loss} ${when}${reason.message ? `: ${reason.message}` : ''}; the weights are as they were before`,
    reason.hint,
  );
}

export function setWeights(driver: Driver, weights: Weights): void {
  checkOpen(driver, 'setWeights');
  checkWeights(driver.model, weights);
  for (const [name, values] of weights) checkFinite('argument', `weights of '${name}'`, values);
  const own = weightsNow(driver);
  for (const [name, values] of weights) own.get(name)!.set(values);
  driver.member.push(own, weights.keys());
}

/** The losses, if they are known. */
function knownTerms({ terms, model, settings }: Driver): readonly LossTerm[] | undefined {
  const { loss } = settings;
  if (terms || loss === undefined || typeof loss === 'function') return terms;
  return lossTerms(loss, [...model.outputs.keys()]);
}

/** The losses, which say what scores are; `what` names the call that needs them. */
function termsOf(driver: Driver, what: string): readonly LossTerm[] {
  const known = knownTerms(driver);
  if (known) return known;
  throw new LanewiseError(
    'argument',
    `${what} before the first batch, which says what the loss is of`,
    driver.settings.loss ? 'step first' : 'give the setting loss',
  );
}

export function predictorOf(driver: Driver): TrainedModel {
  const { model, settings, description } = driver;
  const weights = weightsNow(driver);
  if (driver.predictor?.weights !== weights) {
    // With a loss that is a function, the scores are the output, whether there are targets or not.
    const isOwn = typeof settings.loss === 'function';
    const terms = isOwn && !driver.run ? [] : termsOf(driver, 'predict');
    const trained = createTrainedModel(model, terms, settings.numerics, weights, description);
    driver.predictor = { weights, trained };
  }
  return driver.predictor!.trained;
}

export async function modelOf(driver: Driver): Promise<TrainedModel> {
  const { model, settings, averaged, description } = driver;
  const { arrays } = valuesOf(driver);
  const weights = new Map(
    [...weightsNow(driver)].map(([name, values]) => {
      const average = averaged > 0 ? arrays.get(`average.${name}`) : undefined;
      return [name, (average ?? values).slice()];
    }),
  );
  for (const [name, values] of weights) checkFinite('engine', `weights of '${name}'`, values);
  const terms = termsOf(driver, 'a model');
  return createTrainedModel(model, terms, settings.numerics, weights, description);
}

export async function closeDriver(driver: Driver): Promise<void> {
  if (driver.state === 'closed') return;
  driver.state = 'closed';
  driver.predictor = undefined;
  if (driver.run) await closeDriven(driver.run);
}

/** The stepper's state besides its settings, as the bytes of a file. */
export const stateOf = (driver: Driver): Promise<Uint8Array> => {
  const { model, settings, steps, averaged, description } = driver;
  const weights = copyOf(weightsNow(driver));
  for (const [name, values] of weights) checkFinite('engine', `weights of '${name}'`, values);
  const arrays = copyOf(valuesOf(driver).arrays);
  const terms = termsOf(driver, 'a state');
  const state = { weights, arrays, steps, averaged, description };
  return encodeStepper(model, terms, settings, state);
};

/** Returns to a state taken earlier, or takes up one from elsewhere. */
export async function restore(driver: Driver, source: FileSource): Promise<void> {
  const { model, settings, member } = driver;
  const bytes = await readSource('state', source);
  const decided = knownTerms(driver);
  const name = sourceName(source, 'state');
  const state = await decodeStepper(bytes, name, model, settings, decided);
  const own = { weights: weightsNow(driver), arrays: valuesOf(driver).arrays };
  for (const [name, values] of state.weights) own.weights.get(name)!.set(values);
  if (driver.run?.open) {
    for (const [name, values] of own.arrays) values.set(state.arrays.get(name) ?? values.fill(0));
  } else driver.begun = { ...own, arrays: state.arrays };
  member.push(own.weights, own.weights.keys());
  driver.terms = state.terms;
  describe(driver, state.description);
  driver.steps = state.steps;
  driver.averaged = state.averaged;
  driver.state = 'open';
}
