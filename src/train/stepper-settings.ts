/** The settings of a stepper: those of `train` that concern single steps, and some of its own. */
import { checkKeys, notNegative, quote, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { lossTerms } from '../losses/terms.js';
import type { Average, Optimizer } from '../optimizers/index.js';
import { layoutParameters } from '../step/parameters.js';
import { rolesOf } from '../step/roles.js';
import { defaultShards } from '../step/shards.js';
import { planUpdate } from '../step/update.js';
import { checkModel, checkPresent } from '../trained/check-weights.js';
import { PLACES } from './places.js';
import { readSetting } from './resolve-settings.js';
import type { TrainSettings } from './settings.js';
import type { Stepper } from './stepper.js';

/** Settings that mean the same as for `train`. */
const TAKEN = [
  'loss',
  'optimizer',
  'average',
  'clipValue',
  'clipNorm',
  'freeze',
  'weights',
  'workers',
  'seed',
  'numerics',
] as const satisfies readonly (keyof TrainSettings)[];

/**
 * The settings that a stepper depends on besides its model. Settings of `train` keep their meaning, except that the first
 * minibatch decides the default loss.
 */
export interface StepperSettings extends Pick<TrainSettings, (typeof TAKEN)[number]> {
  /** Samples of a minibatch, at most; default 64. With `shards` it says how minibatches are cut, which affects results. */
  readonly batch?: number;
  /** Parts of a minibatch of `batch` samples; smaller ones are cut into parts of the same size. Default as in `train`. */
  readonly shards?: number;
  /** The factor on the learning rate of step number `step`, from 0; default always 1. */
  readonly schedule?: (step: number) => number;
  /**
   * A stepper of another model: parameters of the same name and shape have the same values in both, whichever changes them.
   * Each has its own optimizer.
   */
  readonly share?: Stepper;
}

/** The settings of a stepper, checked, with all defaults in place. */
export interface ResolvedStepperSettings extends Pick<
  TrainSettings,
  'loss' | 'clipValue' | 'clipNorm' | 'freeze' | 'weights'
> {
  readonly optimizer: Optimizer;
  readonly average?: Average;
  readonly isAveraged: boolean;
  readonly batch: number;
  readonly shards: number;
  readonly workers: number;
  readonly seed: number;
  readonly numerics: Numerics;
  /** The function given; `factor` checks what it returns. */
  readonly schedule?: StepperSettings['schedule'];
  factor(step: number): number;
}

/** @throws LanewiseError kind 'argument' naming the setting, the value and the range. */
export function resolveStepperSettings(
  model: Model,
  settings: StepperSettings,
): ResolvedStepperSettings {
  checkModel(model);
  checkPresent('createStepper: settings', settings, 'an object with optimizer, and loss');
  checkKeys('createStepper', settings, [...TAKEN, 'batch', 'shards', 'schedule', 'share'], {
    ...PLACES,
    ...OF_RUNS,
  });
  const read = TAKEN.map((name) => [
    name,
    readSetting('createStepper', name, settings[name], model),
  ]);
  const taken = Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Pick<
    ResolvedStepperSettings,
    (typeof TAKEN)[number]
  >;
  const { batch = 64, shards = defaultShards(model, batch), loss } = settings;
  wholeFrom(1)('createStepper', 'batch', batch);
  wholeFrom(1, batch)('createStepper', 'shards', shards);
  if (loss !== undefined && typeof loss !== 'function') lossTerms(loss, [...model.outputs.keys()]);
  checkAverage(taken.average);
  const resolved = {
    ...taken,
    isAveraged: taken.average !== undefined,
    batch,
    shards,
    schedule: settings.schedule,
    factor: factorFor(settings.schedule),
  };
  // Names that match nothing, and norms that contradict each other, are refused here.
  planUpdate(resolved, layoutParameters(model, rolesOf(model, resolved)), 1);
  return resolved;
}

/** Settings of `train` that a loop of one's own replaces, and how. */
const OF_RUNS: Readonly<Record<string, string>> = {
  data: 'step(batch) is given its samples',
  epochs: 'the loop is yours: step(batch) takes one step',
  validation: 'loss(batch) scores samples without an update',
  mixup: 'blend inputs and targets of the batch before the step',
  metrics:
    'accuracy is among what step(batch) and loss(batch) give; others are computed from scores',
  stepsPerEpoch: 'the loop is yours: step(batch) takes one step',
  maxSteps: 'the loop is yours: step(batch) takes one step',
  augment: 'change the samples of the batch before the step',
  shuffle: 'samplers.shuffled().order(count, seed, epoch) gives an order to take batches by',
  validationSplit: 'split(data, 0.9) divides data; loss(batch) scores samples without an update',
  callbacks: 'the loop is yours: call them between two steps',
  verbose: 'nothing is printed: the loop is yours, and step(batch) gives the loss',
  accumulate: 'add up what gradients(batch) gives, then apply the sum',
  sampler: 'samplers.balanced(…).order(count, seed, epoch) gives an order to take batches by',
};

function checkAverage(average: Average | undefined): void {
  if (average?.kind !== 'swa' || average.settings['from'] !== undefined) return;
  throw new LanewiseError(
    'argument',
    'createStepper: average swa begins after three quarters of a run, whose length a stepper does not know',
    'swa({ from: 1000 }) begins at that step; each step counts as an epoch',
  );
}

function factorFor(schedule: StepperSettings['schedule']): (step: number) => number {
  if (schedule === undefined) return () => 1;
  if (typeof schedule !== 'function') {
    throw new LanewiseError(
      'argument',
      `createStepper: schedule is ${quote(schedule)}, expected a function of the step's number`,
      'a schedule of train goes by the length of a run: (step) => cosine.factor({ step, steps: 1000, stepsPerEpoch: 100, history: [] })',
    );
  }
  return (step) => {
    const factor = schedule(step);
    notNegative('createStepper', `schedule(${step})`, factor);
    return factor;
  };
}
