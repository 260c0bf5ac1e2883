/** What a run tells of itself while it goes on. */
import type { EpochMetrics } from '../optimizers/index.js';
import type { Weights } from '../parallel/session.js';
import type { ResolvedSettings } from './settings.js';

/** State of a run between two chunks of steps. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Of the epoch. */
  readonly samplesDone: number;
  readonly samples: number;
  /** Means over the epoch so far. */
  readonly loss: number;
  /** Absent where the loss knows no right answers. */
  readonly accuracy?: number;
  readonly imagesPerSecond: number;
  /** Share of the training time that reading data has cost, 0 … 1: steps waited, or decoders took the workers' processors. */
  readonly waiting: number;
  /** Of the whole run, estimated. */
  readonly secondsLeft: number;
}

/** One step: an update by one minibatch. */
export interface StepRecord {
  /** Of the run, from 1. */
  readonly step: number;
  readonly epoch: number;
  /** The minibatch's mean, before its update. */
  readonly loss: number;
  readonly accuracy?: number;
  /** The learning rate (of the parameters in no group). */
  readonly rate: number;
  readonly samples: number;
}

/** Figures on the validation data. */
export interface Validation {
  readonly valLoss: number;
  /** Absent where the loss knows no right answers. */
  readonly valAccuracy?: number;
  /** By name, those of the setting `metrics`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A validation, and when it was. */
export interface ValidationRecord extends Validation {
  readonly step: number;
  readonly epoch: number;
}

/** One finished epoch. `val…` are absent if it was not followed by a validation, accuracies where the loss knows no right answers. */
export interface EpochRecord extends EpochMetrics {
  readonly epoch: number;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly imagesPerSecond: number;
}

/** The best of the validations so far, by the monitored figure. */
export interface Best {
  readonly step: number;
  readonly epoch: number;
  readonly value: number;
}

/** The weights as they are until the run goes on: the average's where there is one. */
interface Weighed {
  readonly weights: () => Weights;
}

/** What `trainEvents` yields, in this order: start, then for each chunk its steps and what falls due after them. */
export type TrainEvent =
  /** Everything is checked and allocated. `resumedAt`: the step after which a checkpoint went on. */
  | ({
      readonly kind: 'start';
      readonly settings: ResolvedSettings;
      readonly resumedAt?: number;
    } & Weighed)
  | ({
      readonly kind: 'steps';
      readonly records: readonly StepRecord[];
      readonly progress: Progress;
      /** Of these steps alone. */
      readonly seconds: number;
      readonly waitingSeconds: number;
    } & Weighed)
  /** Something that one should know, and that did not stop the run; after `start`, what a resume repeats or begins anew. */
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'validation'; readonly record: ValidationRecord }
  | ({
      readonly kind: 'epoch';
      readonly record: EpochRecord;
      readonly step: number;
      /** Of the epoch's training steps. */
      readonly seconds: number;
    } & Weighed)
  | { readonly kind: 'checkpoint'; readonly step: number; readonly epoch: number }
  /** A worker thread failed at `step`; the run went back to where it knew its state, to the same result. */
  | { readonly kind: 'recovery'; readonly step: number; readonly reason: string };
