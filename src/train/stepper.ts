/**
 * Single steps for loops of one's own: adversarial nets, reinforcement learning, training on several machines. A step
 * has the bits that `train` gives the same minibatch at the same step.
 */
import { writeFile } from '#platform/files';
import { checkOptions, notNegative, text, type Checks } from '../base/check.js';
import type { FileSource } from '../data/file-source.js';
import { LanewiseError, show } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import { drawWeights } from '../step/initialize.js';
import type { Weights } from '../crew/session.js';
import { copyOf } from '../crew/stepping.js';
import { splitSeed } from '../random/philox.js';
import { copied, minibatchData, type StepData } from './minibatch.js';
import { checkIdle, createGroup, inTurn, joinGroup, type SharedGroup } from './shared-values.js';
import {
  checkOpen,
  closeDriver,
  modelOf,
  predictorOf,
  restore,
  runApply,
  runGradients,
  runLoss,
  runStep,
  setWeights,
  stateOf,
  weightsNow,
  type Driver,
} from './stepper-calls.js';
import { resolveStepperSettings, type StepperSettings } from './stepper-settings.js';
import type { Prediction, TrainedModel } from '../trained/trained-model.js';

/** Options of a single step. */
export interface StepOptions {
  /** The learning rate, in place of the optimizer's times the schedule's; groups keep their share of it. */
  readonly lr?: number;
}

/** A minibatch's loss. */
export interface StepLoss {
  /** Mean over the samples, each times its weight if there are weights. */
  readonly loss: number;
  /** Share of right answers, where the loss knows them. */
  readonly accuracy?: number;
  readonly samples: number;
}

/** A finished step. */
export interface StepResult extends StepLoss {
  /** Number of steps so far, with this one. */
  readonly step: number;
  /** The learning rate. */
  readonly rate: number;
}

/** Gradients before their update. */
export interface StepGradients extends StepLoss {
  /**
   * Copies by parameter name: gradients of the mean loss, before clipping, for all trained parameters. Running statistics
   * (batch normalisation) have the minibatch's values under their names. Frozen parameters have none.
   */
  readonly gradients: Map<string, Float32Array>;
}

/** `await using stepper = …` closes the stepper, where the engine and the types support it. */
type Disposable = typeof Symbol extends { readonly asyncDispose: infer Name extends symbol }
  ? { readonly [Key in Name]: () => Promise<void> }
  : object;

/**
 * Takes single steps. Calls wait for those before them, and for those of steppers that share values; what they are given
 * is copied at once. After `close` all but `steps` and `close` are refused.
 */
export interface Stepper extends Disposable {
  /** Number of steps so far. */
  readonly steps: number;
  /**
   * One step: the gradients of the batch's mean loss, and the update. If the loss is not finite, the weights stay as they
   * are.
   * @throws LanewiseError kind 'data' for a batch that the model cannot take, 'engine' for a loss that is not finite.
   */
  step(batch: StepData, options?: StepOptions): Promise<StepResult>;
  /** The gradients that `step` would compute, without its update; random layers draw what they would draw in it. */
  gradients(batch: StepData): Promise<StepGradients>;
  /**
   * The update of a step, given gradients as `gradients` returns them: the two calls equal `step`, to the bit.
   * @throws LanewiseError kind 'argument' unless each name has finite values.
   */
  apply(gradients: Weights, options?: StepOptions): Promise<Pick<StepResult, 'step' | 'rate'>>;
  /** The loss of a batch in evaluation mode (running statistics, no dropout), as PyTorch's `eval`; nothing changes. */
  loss(batch: StepData): Promise<StepLoss>;
  /** Scores in evaluation mode with the current weights: see `TrainedModel.predict`. */
  predict(...samples: Parameters<TrainedModel['predict']>): Promise<Prediction>;
  /** Copies of all weights and statistics. @throws LanewiseError kind 'argument' while a call is running, and after `close`. */
  weights(): Map<string, Float32Array>;
  /** Replaces some or all of the weights. @throws LanewiseError kind 'argument' for names or sizes that do not fit. */
  setWeights(weights: Weights): void;
  /** The current model, with copies of its weights (of their average, if there is one). */
  model(): Promise<TrainedModel>;
  /**
   * The stepper's state besides its settings: weights, the optimizer's arrays, the average, the number of steps. The bytes
   * are a model file, which `loadModel` reads too.
   */
  state(): Promise<Uint8Array>;
  /**
   * Goes on from a state: with the same settings and batches, to the same bits. Without the setting `loss` it takes the
   * state's, unless its own batches have decided another. Functions are compared by their texts.
   * @throws LanewiseError kind 'file' for other bytes, and for a state of another model or other settings.
   */
  restore(state: FileSource): Promise<void>;
  /** Writes `state()` to a file, whole or not at all. @throws LanewiseError kind 'file'; 'platform' where there are no files. */
  save(path: string): Promise<void>;
  /** Ends its threads and releases its memory. Shared values stay with the other steppers. */
  close(): Promise<void>;
}

/** The driver of each stepper, for those that share values with it. */
const drivers = new WeakMap<Stepper, Driver>();

/**
 * Makes a stepper of `model`, with weights drawn by the seed or given. Nothing is allocated before the first batch.
 * @throws LanewiseError kind 'argument' naming the setting, the value and the range.
 */
export async function createStepper(model: Model, settings: StepperSettings): Promise<Stepper> {
  const resolved = resolveStepperSettings(model, settings);
  const group = groupOf(settings.share);
  const drawn = await drawWeights(model.parameters, resolved.seed, resolved.numerics);
  const weights = new Map([...drawn, ...copyOf(resolved.weights ?? new Map())]);
  const driver: Driver = {
    model,
    settings: resolved,
    group,
    member: joinGroup(group, model, weights, resolved.weights?.keys() ?? []),
    key: splitSeed(resolved.seed),
    begun: { weights, arrays: new Map() },
    run: undefined,
    terms: undefined,
    description: {},
    predictor: undefined,
    steps: 0,
    averaged: 0,
    state: 'open',
  };
  const stepper = stepperOf(driver);
  drivers.set(stepper, driver);
  return stepper;
}

function groupOf(share: Stepper | undefined): SharedGroup {
  if (share === undefined) return createGroup();
  const found = drivers.get(share);
  if (found) {
    checkOpen(found, 'createStepper: share');
    return found.group;
  }
  throw new LanewiseError(
    'argument',
    `createStepper: share is ${show(share)}, expected a stepper`,
    share instanceof Promise ? 'await it' : 'createStepper(…) resolves to one',
  );
}

function stepperOf(driver: Driver): Stepper {
  const { model, group, settings } = driver;
  const dataOf = (owner: string, batch: StepData) => minibatchData(model, settings, owner, batch);
  /** Runs a call in turn, if the stepper can still be used. */
  const call = async <Result>(owner: string, work: () => Promise<Result>): Promise<Result> =>
    inTurn(group, () => {
      checkOpen(driver, owner);
      return work();
    });
  const close = () => inTurn(group, () => closeDriver(driver));
  return {
    get steps() {
      return driver.steps;
    },
    async step(batch, options = {}) {
      const [data, lr] = [dataOf('step', batch), rateIn('step', options)];
      return call('step', () => runStep(driver, data, lr));
    },
    async gradients(batch) {
      const data = dataOf('gradients', batch);
      return call('gradients', () => runGradients(driver, data));
    },
    async apply(gradients, options = {}) {
      const [given, lr] = [copied(gradients), rateIn('apply', options)];
      return call('apply', () => runApply(driver, given, lr));
    },
    async loss(batch) {
      const data = dataOf('loss', batch);
      return call('loss', () => runLoss(driver, data));
    },
    async predict(...samples) {
      const given = copied(samples);
      return call('predict', () => predictorOf(driver).predict(...given));
    },
    weights() {
      checkIdle(group, 'weights');
      checkOpen(driver, 'weights');
      return copyOf(weightsNow(driver)) as Map<string, Float32Array>;
    },
    setWeights(weights) {
      checkIdle(group, 'setWeights');
      setWeights(driver, weights);
    },
    model: () => call('model', () => modelOf(driver)),
    state: () => call('state', () => stateOf(driver)),
    async restore(source) {
      const given = copied(source);
      return inTurn(group, () => {
        if (driver.state === 'closed') checkOpen(driver, 'restore');
        return restore(driver, given);
      });
    },
    async save(path) {
      text('save', 'path', path);
      await writeFile(path, await call('save', () => stateOf(driver)));
    },
    close,
    // Not every engine has the symbol.
    ...((Symbol.asyncDispose ? { [Symbol.asyncDispose]: close } : {}) as Disposable),
  };
}

const OPTIONS: Checks<StepOptions> = { lr: notNegative };

const rateIn = (owner: string, options: StepOptions): number | undefined =>
  checkOptions(owner, options, OPTIONS, { learningRate: 'lr is the learning rate' }).lr;
