/** What a workload is: a name, a unit, and a function that measures it. */
import type { Numerics } from '../engine/features.js';
import type { Spread, Timing } from './measure.js';

export interface Conditions {
  readonly threads: number;
  readonly numerics: Numerics;
  /** Time to spend on one workload. */
  readonly seconds: number;
}

export const units = ['GFLOP/s', 'images/s', 'µs', 'ms', 'MB'] as const;

export type Unit = (typeof units)[number];

/** Of times and sizes less is better, of speeds more. */
export const isSpeed = (unit: Unit): boolean => unit.endsWith('/s');

export interface Measurement extends Timing {
  readonly value: number;
  readonly unit: Unit;
  /** The middle half of the values measured, in their unit. */
  readonly spread: Spread;
  /** Multiplications and additions a second, in thousand millions; 0 where that says nothing. */
  readonly gflops: number;
  /** What else there is to say, for the reader of a line. */
  readonly note?: string;
}

export type Workload = (conditions: Conditions) => Promise<Measurement>;
