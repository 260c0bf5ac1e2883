/** Figures that a run keeps of itself: its history, its last validation and its best step. */
import type { EpochMetrics } from '../optimizers/index.js';

/** Figures on the validation data. */
export interface Validation {
  readonly valLoss: number;
  /** Absent where the loss knows no right answers. */
  readonly valAccuracy?: number;
  /** By name, those of the setting `metrics`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * The figures of one finished epoch: means over its samples, and those of the validation that followed it, if one did.
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
