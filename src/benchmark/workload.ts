/** What a workload is: a name, a unit, and a function that measures it. */
import type { Numerics } from '../engine/features.js';
import type { Timing } from './measure.js';

export interface Conditions {
  readonly threads: number;
  readonly numerics: Numerics;
  /** Time to spend on one workload. */
  readonly seconds: number;
}

export type Unit = 'GFLOP/s' | 'images/s' | 'µs' | 'ms' | 'MB';

export interface Measurement extends Timing {
  readonly value: number;
  readonly unit: Unit;
  /** Multiplications and additions a second, in thousand millions; 0 where that says nothing. */
  readonly gflops: number;
  /** What else there is to say, for the reader of a line. */
  readonly note?: string;
}

export type Workload = (conditions: Conditions) => Promise<Measurement>;
