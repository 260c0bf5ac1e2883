/** What an optimizer is: plain settings, the values that change with each step, and the kernel call. */
import { LanewiseError } from '../errors.js';
import type { Address, Emitter } from '../program/program.js';

/** A slice of the parameters and what goes with it. */
export interface UpdatePlaces {
  readonly parameters: Address;
  readonly gradients: Address;
  /** One slice an array of state. */
  readonly state: readonly Address[];
  readonly rates: Address;
  /** Values in the slice, a multiple of 4. */
  readonly count: number;
}

export interface Optimizer {
  readonly kind: string;
  readonly settings: Readonly<Record<string, number | string>>;
  readonly learningRate: number;
  /** Arrays of state, each as large as the parameters, zero at the start. */
  readonly stateArrays: number;
  /** The step's values for the kernel; `step` counts from 0, `learningRate` is the schedule's. */
  rates(step: number, learningRate: number): readonly number[];
  update(k: Emitter, at: UpdatePlaces): void;
}

/** Values of `rates` at most: the size of its slot. */
export const RATE_SLOTS = 4;

/** @throws LanewiseError kind 'argument' unless the number is finite (as a float32), at least `low` and below `high`. */
export function checkNumber(name: string, value: number, low: number, high = Infinity): number {
  if (
    typeof value === 'number' &&
    Number.isFinite(Math.fround(value)) &&
    value >= low &&
    value < high
  )
    return value;
  const range =
    high === Infinity ? `a finite number of at least ${low}` : `a number in [${low}, ${high})`;
  throw new LanewiseError('argument', `${name} is ${String(value)}, expected ${range}`);
}
