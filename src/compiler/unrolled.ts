/**
 * Recurrent layers unrolled into a few ops a step, for the derivatives of their gradients, of which the kernels that run
 * through time have none. It is of the recurrence's formula alone; the gradients themselves remain the kernels'.
 */
import { apply, type Give, type Rule } from '../graph/op.js';
import type { Application, Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { add, multiply, subtract } from '../ops/index.js';
import type { RunAttributes } from '../ops/recurrence.js';
import { copy } from './copy.js';
import { partials, type RuleOf } from './differentiate.js';

/** Each step's results, N×H, in the order of the sequence; those that a cell lacks are empty. */
interface Steps {
  /** What is given to the next layer. */
  readonly states: Tensor[];
  /** A GRU's r. */
  readonly reset: Tensor[];
  /** What the record of a GRU holds as m: its states' part of n, or r·h. */
  readonly inner: Tensor[];
}

/** A run on copies of what it was made of, and these copies. */
interface Unrolled extends Steps {
  /** The projected input, a step each. */
  readonly xs: readonly Tensor[];
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
}

/** Slices of N×T×… along its second axis, without it. */
const eachStep = (x: Tensor): Tensor[] =>
  ops.split(x, 1, 1).map((step) => ops.reshape(step, [x.shape[0]!, x.shape[2]!]));

const joined = (steps: readonly Tensor[]): Tensor =>
  ops.concat(
    steps.map((step) => ops.reshape(step, [step.shape[0]!, 1, step.shape[1]!])),
    1,
  );

/** The `i`th H columns. */
const part = (x: Tensor, H: number, i: number): Tensor => ops.slice(x, [[], [i * H, (i + 1) * H]]);

/** What a step makes of its input and the states before it. */
interface Step {
  readonly h: Tensor;
  readonly c?: Tensor;
  readonly reset?: Tensor;
  readonly inner?: Tensor;
}

type Cell = (x: Tensor, h: Tensor, c: Tensor) => Step;

function cellOf(
  { weight, bias }: { weight: Tensor; bias: Tensor | undefined },
  { cell, hard, resetFirst }: RunAttributes,
): Cell {
  const H = weight.shape[1]!;
  const gate = hard ? (x: Tensor) => ops.slopedHardSigmoid(x, 0.2) : ops.sigmoid;
  const products = (h: Tensor) => ops.linear(h, weight, bias ?? null);
  if (cell === 'lstm')
    return (x, h, before) => {
      const sums = add(x, products(h));
      const [i, f, o] = [0, 1, 3].map((k) => gate(part(sums, H, k)));
      const c = add(multiply(f!, before), multiply(i!, ops.tanh(part(sums, H, 2))));
      return { h: multiply(o!, ops.tanh(c)), c };
    };
  if (cell === 'gru')
    return (x, h) => {
      const all = products(h);
      const [reset, z] = [0, 1].map((k) => gate(add(part(x, H, k), part(all, H, k))));
      const ofN = (y: Tensor) =>
        ops.linear(y, ops.slice(weight, [[2 * H]]), bias ? ops.slice(bias, [[2 * H]]) : null);
      const inner = resetFirst ? multiply(reset!, h) : part(all, H, 2);
      const n = ops.tanh(add(part(x, H, 2), resetFirst ? ofN(inner) : multiply(reset!, inner)));
      return { h: add(n, multiply(z!, subtract(h, n))), reset: reset!, inner };
    };
  const f = cell === 'relu' ? ops.relu : ops.tanh;
  return (x, h) => ({ h: f(add(x, products(h))) });
}

/** The steps one after another, as assembly/recurrent.ts and its neighbours take them. */
function run(next: Cell, xs: readonly Tensor[], H: number, source: Application): Steps {
  const { cell, initial, final, reverse } = source.attributes as RunAttributes;
  const [N] = xs[0]!.shape as [number];
  const none = ops.constant(0, [N, H]);
  const lengths = source.inputs['lengths'];
  const counts = lengths && ops.reshape(ops.toFloats(lengths), [N, 1]);
  const skipped = Number(reverse ? final : initial);
  const found: Steps = { states: [], reset: [], inner: [] };
  let [h, c] = [none, none];
  for (let i = 0; i < xs.length; i++) {
    const t = reverse ? xs.length - 1 - i : i;
    const isOwn = counts && ops.greater(counts, ops.constant(t - skipped, [1]));
    const own = (value: Tensor, other: Tensor) => (isOwn ? ops.where(isOwn, value, other) : value);
    let [reset, inner, state] = [none, none, c];
    if (initial && i === 0) {
      h = state = part(xs[t]!, H, 0);
      if (cell === 'lstm') c = part(xs[t]!, H, 1);
    } else if (!final || i < xs.length - 1) {
      const after = next(xs[t]!, h, c);
      state = own(after.h, none);
      h = own(after.h, h);
      c = own(after.c ?? none, c);
      reset = own(after.reset ?? none, none);
      inner = own(after.inner ?? none, none);
    }
    found.states[t] = state;
    found.reset[t] = reset;
    found.inner[t] = inner;
  }
  return found;
}

/** The run that has left a record, on copies. */
function unrolled(record: Tensor): Unrolled {
  const source = record.source as Application;
  const { projected, weight, bias } = source.inputs;
  const xs = eachStep(copy(projected!));
  const own = { weight: copy(weight!), bias: bias && copy(bias) };
  const cell = cellOf(own, source.attributes as RunAttributes);
  return { xs, ...own, ...run(cell, xs, weight!.shape[1]!, source) };
}

const rate = (steps: readonly Tensor[], along: readonly Tensor[]): Tensor =>
  steps.map((step, t) => ops.sum(multiply(step, along[t]!))).reduce(add);

const orZeros = (found: readonly (Tensor | undefined)[], like: readonly Tensor[]): Tensor[] =>
  found.map((part, i) => part ?? ops.constant(0, like[i]!.shape));

/** Gives all that a run was made of the gradients of `y`, and returns those by `others`. */
function spread(
  y: Tensor,
  record: Tensor,
  { xs, weight, bias }: Unrolled,
  give: Give,
  ruleOf: RuleOf,
  others: readonly Tensor[] = [],
): Tensor[] {
  const { inputs } = record.source as Application;
  const own = [...xs, weight, ...(bias ? [bias] : []), ...others];
  const found = orZeros(partials(y, own, ruleOf), own);
  const T = xs.length;
  give(inputs['projected']!, joined(found.slice(0, T)));
  give(inputs['weight']!, found[T]!);
  if (bias) give(inputs['bias']!, found[T + 1]!);
  return found.slice(own.length - others.length);
}

/** The rules of the ops that recurrent layers' gradients are made of. */
export const recurrentRules = (ruleOf: RuleOf): Readonly<Record<string, Rule>> => ({
  recurrentGradient({ inputs }, g, give) {
    const { record, dy } = inputs as { record: Tensor; dy: Tensor };
    const own = unrolled(record);
    const dys = eachStep(copy(dy));
    const slopes = orZeros(partials(rate(own.states, dys), own.xs, ruleOf), own.xs);
    const changes = rate(slopes, eachStep(g));
    return { dy: joined(spread(changes, record, own, give, ruleOf, dys)) };
  },
  plane({ inputs }, g, give) {
    const record = inputs['record']!;
    const own = unrolled(record);
    spread(rate(own.inner, eachStep(g)), record, own, give, ruleOf);
    return {};
  },
  gruHiddenGradient({ inputs, output, attributes }, g, give) {
    const { projected, record } = inputs as { projected: Tensor; record: Tensor };
    const own = unrolled(record);
    const changes = ops.slice(multiply(g, projected), [[], [], [2 * record.shape[3]!]]);
    spread(rate(own.reset, eachStep(changes)), record, own, give, ruleOf);
    const { op } = output.source as Application;
    return { projected: apply(op, { projected: g, record }, attributes) };
  },
});
