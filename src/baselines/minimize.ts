/** The minimum of a smooth convex function by L-BFGS (Nocedal 1980), in double precision and a fixed order. */
import { dot } from '../base/arithmetic.js';

/** A function of many numbers: its value, and its gradient, which it writes to `gradient`. */
export type Smooth = (at: Float64Array, gradient: Float64Array) => number;

/** Steps that are remembered. */
const MEMORY = 10;

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1/(step·change) */
  readonly rho: number;
}

/** The direction −H·g by the two loops over the remembered steps. */
function direction(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.map((value) => -value);
  const alphas: number[] = [];
  for (const { step, change, rho } of pairs.toReversed()) {
    const alpha = rho * dot(step, q);
    alphas.push(alpha);
    for (let i = 0; i < q.length; i++) q[i]! -= alpha * change[i]!;
  }
  const last = pairs.at(-1);
  const scale = last ? 1 / (last.rho * dot(last.change, last.change)) : 1 / Math.max(1, largest(q));
  for (let i = 0; i < q.length; i++) q[i]! *= scale;
  for (const { step, change, rho } of pairs) {
    const beta = alphas.pop()! - rho * dot(change, q);
    for (let i = 0; i < q.length; i++) q[i]! += beta * step[i]!;
  }
  return q;
}

/**
 * Where `of` is least, from `start`: until no part of the gradient exceeds the tolerance, no step goes down, or so many
 * iterations were made.
 */
export function minimize(
  of: Smooth,
  start: Float64Array,
  { tolerance, iterations }: { readonly tolerance: number; readonly iterations: number },
): Float64Array {
  let at = start;
  let gradient = new Float64Array(at.length);
  let value = of(at, gradient);
  let pairs: Pair[] = [];
  for (let i = 0; i < iterations && largest(gradient) > tolerance; i++) {
    const along = direction(gradient, pairs);
    const slope = dot(along, gradient);
    let length = 1;
    const next = new Float64Array(at.length);
    const nextGradient = new Float64Array(at.length);
    let nextValue = Infinity;
    // Armijo's condition; a function that is convex and smooth needs few halvings.
    for (let halvings = 0; halvings < 40; halvings++, length /= 2) {
      for (let j = 0; j < next.length; j++) next[j] = at[j]! + length * along[j]!;
      nextValue = of(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) break;
    }
    if (!(nextValue < value)) break;
    const step = next.map((x, j) => x - at[j]!);
    const change = nextGradient.map((g, j) => g - gradient[j]!);
    const curvature = dot(step, change);
    if (curvature > 0) pairs = [...pairs, { step, change, rho: 1 / curvature }].slice(-MEMORY);
    [at, gradient, value] = [next, nextGradient, nextValue];
  }
  return at;
}
