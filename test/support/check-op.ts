/**
 * One check for every op: its value against a definition in double precision, and its gradients against
 * central differences of that definition.
 */
import type { Numerics } from '../../src/engine/features.js';
import { input, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import * as reference from '../reference/ops.js';
import * as assert from 'uvu/assert';
import { assertClose } from './golden.js';
import { valueAndGradients, type Feeds } from './graph.js';
import { numbers } from './numbers.js';

export interface OpCheck {
  /** Names the configuration in failures. */
  readonly what: string;
  /** The shapes of the leaves by which the op is differentiated, drawn from [−1, 1) by `seed`. */
  readonly shapes: readonly Shape[];
  readonly seed: number;
  readonly numerics: Numerics;
  /** Changes the values drawn for leaf i, to keep away from kinks or into a domain. */
  readonly prepare?: (value: number, leaf: number, element: number) => number;
  /** Leaves that are not differentiated, such as indices, with their values. */
  readonly fixed?: Feeds;
  readonly op: (...leaves: Tensor[]) => Tensor;
  /** The definition, in plain loops; values of the leaves in, the output's values out. */
  readonly definition: (...values: Float64Array[]) => ArrayLike<number>;
  /** Relative tolerances as in `assertClose`; default 1e-5 and 1e-4. */
  readonly tolerance?: number;
  readonly gradientTolerance?: number;
}

/** @throws AssertionError naming the configuration, the leaf and the element that is off. */
export async function checkOp({
  what,
  shapes,
  seed,
  numerics,
  prepare = (value) => value,
  fixed = new Map(),
  op,
  definition,
  tolerance = 1e-5,
  gradientTolerance = 1e-4,
}: OpCheck): Promise<void> {
  const leaves = shapes.map((shape, i) => input(`leaf ${i}`, shape));
  const drawn = shapes.map((shape, i) =>
    numbers(sizeOf(shape), seed + i).map((value, e) => prepare(value, i, e)),
  );
  const values = drawn.map((array) => Float64Array.from(array));
  const y = op(...leaves);
  const target = numbers(sizeOf(y.shape), seed + 99);
  const feeds: Feeds = new Map([...fixed, ...leaves.map((t, i) => [t, drawn[i]!] as const)]);
  const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
  assertClose(value, definition(...values), tolerance, `${what}: value`);
  checkGives(y, value, what);
  leaves.forEach((_, i) => {
    const loss = (changed: Float64Array) =>
      reference.distance(definition(...values.map((v, j) => (j === i ? changed : v))), target);
    const expected = reference.centralDifferences(loss, values[i]!);
    assertClose(found[i]!, expected, gradientTolerance, `${what}: gradient by leaf ${i}`);
  });
}

/** What an op says that it gives holds of what it has given. */
function checkGives({ source }: Tensor, value: ArrayLike<number>, what: string): void {
  if (source.kind !== 'op') return;
  const { op, attributes } = source;
  const gives = typeof op.gives === 'function' ? op.gives(attributes) : op.gives;
  if (gives !== 'shares') return;
  const wrong = Array.from(value).find((one) => !(one >= 0 && one <= 1));
  assert.is(wrong, undefined, `${what}: '${op.name}' gives shares`);
}
