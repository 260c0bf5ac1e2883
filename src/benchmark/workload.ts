/** The type of a workload: a name, a unit, and a function that measures it. */
import type { Numerics } from '../engine/features.js';
import type { Spread, Timing } from './measure.js';

export interface Conditions {
  readonly threads: number;
  readonly numerics: Numerics;
  /** Time to spend on one workload. */
  readonly seconds: number;
}

export const units = [
  'GFLOP/s',
  'GOP/s',
  'images/s',
  'rows/s',
  'windows/s',
  'µs',
  'ms',
  'MB',
] as const;

export type Unit = (typeof units)[number];

/** Times and sizes are better if smaller, speeds if larger. */
export const isSpeed = (unit: Unit): boolean => unit.endsWith('/s');

export interface Measurement extends Timing {
  readonly value: number;
  readonly unit: Unit;
  /** The middle half of the values measured, in their unit. */
  readonly spread: Spread;
  /** Billions of multiplications and additions a second; 0 if that has no meaning for the workload. */
  readonly gflops: number;
  /** A note for the reader of the line. */
  readonly note?: string;
}

export type Workload = (conditions: Conditions) => Promise<Measurement>;
