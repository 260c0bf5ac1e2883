/** Figures that a run keeps about itself: its history, its last validation and its best step. */
import type { EpochMetrics } from '../optimizers/index.js';

/** Figures on the validation data. */
export interface Validation {
  readonly valLoss: number;
  /** Share of right answers; absent where the loss knows none. */
  readonly valAccuracy?: number;
  /** Values of the setting `metrics`, by name. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * The figures of one finished epoch: means over its samples, and the validation that followed it, if any.
 * Accuracies are absent where the loss knows no right answers.
 */
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
