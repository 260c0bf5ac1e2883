/** ONNX nodes of recurrent layers, attention and sequences with lengths. */
import type { Tensor } from '../graph/tensor.js';
import { BOOL, FLOAT, INT32 } from './export-elementwise.js';
import { madeBy } from './export-products.js';
import type { Rule, Value, Writer } from './export-writer.js';

/** Lengths N, compared with the places of steps 1 to T: N×T. */
const compared = (w: Writer, op: string, lengths: Value, T: number): Value => {
  const own = w.node('Unsqueeze', [lengths, w.ints([1])]);
  return w.node(op, [own, w.ints(Array.from({ length: T }, (_, t) => t + 1))]);
};

/** Whether a step is one of a sample's own, with axes inserted. */
const ownSteps = (w: Writer, lengths: Value, T: number, axes: readonly number[]): Value =>
  w.node('Unsqueeze', [compared(w, 'GreaterOrEqual', lengths, T), w.ints(axes)]);

/** ONNX's node for a cell, and the places of its gates, in ONNX's order, in those of the weights here. */
const cells: Readonly<Record<string, { readonly op: string; readonly gates: readonly number[] }>> =
  {
    tanh: { op: 'RNN', gates: [0] },
    relu: { op: 'RNN', gates: [0] },
    lstm: { op: 'LSTM', gates: [0, 3, 1, 2] },
    gru: { op: 'GRU', gates: [1, 0, 2] },
  };

/** The rows of `value` in the order of ONNX's gates. */
function inOrder(w: Writer, value: Value, gates: readonly number[], H: number): Value {
  if (gates.length === 1) return value;
  const bounds = (gate: number) => [w.ints([gate * H]), w.ints([gate * H + H]), w.ints([0])];
  const parts = gates.map((gate) => w.node('Slice', [value, ...bounds(gate)]));
  return w.node('Concat', parts, { axis: 0 });
}

interface Recurrence {
  readonly cell: string;
  readonly reverse: boolean;
  readonly hard?: boolean;
  readonly resetFirst?: boolean;
  readonly initial?: boolean;
  readonly final?: boolean;
}

/** N×T×F and T×N×F exchanged. */
const turned = (w: Writer, x: Value): Value => w.node('Transpose', [x], { perm: [1, 0, 2] });

type Made = NonNullable<ReturnType<typeof madeBy>>;

/** The product of inputs and weights, and the states to begin with, N×1×H, which the graph keeps in a step of their own. */
function operandsOf({ inputs, attributes, layer }: Made) {
  const { cell, reverse, initial, final } = attributes as Recurrence;
  const parts = Object.values(madeBy(inputs['projected'], 'concat', layer)?.inputs ?? {});
  const steps = reverse ? parts.toReversed() : parts;
  const projected = initial || final ? steps[initial ? 1 : 0] : inputs['projected'];
  const product = madeBy(madeBy(projected, 'reshape', layer)?.inputs['x'], 'matmul', layer)!;
  const first = initial ? steps[0] : undefined;
  const { a0 = first, a1 } = madeBy(first, 'concat', layer)?.inputs ?? {};
  return {
    product,
    x: madeBy(product.inputs['a'], 'reshape', layer)!.inputs['x']!,
    states: first ? [a0!, ...(cell === 'lstm' ? [a1!] : [])] : [],
  };
}

/** What ONNX's node is told besides the sizes. */
function settingsOf(op: string, { cell, reverse, hard, resetFirst }: Recurrence, isBoth: boolean) {
  const each = <T>(list: readonly T[]): readonly T[] => (isBoth ? [...list, ...list] : list);
  return {
    ...(isBoth ? { direction: 'bidirectional' } : reverse ? { direction: 'reverse' } : {}),
    ...(cell === 'relu' ? { activations: each(['Relu']) } : {}),
    ...(hard
      ? {
          activations: each(['HardSigmoid', 'Tanh', ...(op === 'LSTM' ? ['Tanh'] : [])]),
          activation_alpha: each([0.2]),
          activation_beta: each([0.5]),
        }
      : {}),
    ...(op === 'GRU' ? { linear_before_reset: Number(!resetFirst) } : {}),
  };
}

/**
 * The states of all steps N×T×H, of two directions N×T×2·H, or an LSTM's memory after the last, N×1×H. The graph projects the
 * inputs apart from the recurrence; ONNX's nodes do both.
 */
function recurrence(w: Writer, records: readonly [Made, Made?], part: 'states' | 'memory'): Value {
  const runs = records.filter((one) => one !== undefined);
  const [{ attributes, inputs }] = records;
  const { op, gates } = cells[(attributes as Recurrence).cell]!;
  const parts = runs.map(operandsOf);
  const [{ x }] = parts as [ReturnType<typeof operandsOf>];
  const H = inputs['weight']!.shape[1]!;
  const stacked = (t: Tensor) => inOrder(w, w.of(t), gates, H);
  const joined = (values: readonly Value[], axis = 0): Value =>
    values.length === 1 ? values[0]! : w.node('Concat', values, { axis });
  const alone = (value: Value) => w.node('Unsqueeze', [value, w.ints([0])]);
  const biases = runs.map(({ inputs: { bias } }, i) =>
    [parts[i]!.product.inputs['bias'], bias].flatMap((t) => (t ? [stacked(t)] : [])),
  );
  const states = parts[0]!.states.map((state) => turned(w, w.of(state)));
  const operands = [
    turned(w, w.of(x)),
    joined(parts.map(({ product }) => alone(stacked(product.inputs['b']!)))),
    joined(runs.map((run) => alone(stacked(run.inputs['weight']!)))),
    biases[0]!.length > 0 ? joined(biases.map((pair) => alone(joined(pair)))) : undefined,
    inputs['lengths'] && w.node('Cast', [w.of(inputs['lengths'])], { to: INT32 }),
    ...states,
  ];
  const isBoth = runs.length === 2;
  const settings = { hidden_size: H, ...settingsOf(op, attributes as Recurrence, isBoth) };
  if (part === 'memory') return turned(w, w.node(op, operands, settings, 2));
  const y = w.node(op, operands, settings);
  if (!isBoth) return turned(w, w.node('Squeeze', [y, w.ints([1])]));
  const [N, T] = x.shape as [number, number];
  const sides = w.node('Transpose', [y], { perm: [2, 0, 1, 3] });
  return w.reshape(sides, [N, T, 2, H], [N, T, 2 * H]);
}

/** The states that a part of a layer's result is taken from, and their record. */
function statesUnder(part: Tensor, layer: string) {
  for (let at: Tensor | undefined = part; at;) {
    const { source }: Tensor = at;
    if (source.kind !== 'op' || source.layer !== layer) return undefined;
    const record: Made | undefined = madeBy(source.inputs['record'], 'recurrent', layer);
    if (record) return { states: at, record };
    at = source.inputs['x'];
  }
  return undefined;
}

/**
 * The states of two directions side by side by one node, where a concatenation joins them or their ends. Undefined: the parts
 * are to be joined, from whatever they now are.
 */
export const bothWays: Rule = (w, _, __, { inputs, layer }) => {
  const parts = Object.values(inputs);
  const [forth, back] = parts.map((part) => statesUnder(part, layer));
  if (parts.length !== 2 || !forth || !back) return undefined;
  const [first, second] = [forth.record, back.record].map((one) => one.attributes as Recurrence);
  const isPair = !first!.reverse && second!.reverse && !first!.initial && !first!.final;
  if (!isPair || operandsOf(forth.record).x !== operandsOf(back.record).x) return undefined;
  const joined = recurrence(w, [forth.record, back.record], 'states');
  if (parts[0] === forth.states && parts[1] === back.states) return joined;
  const H = forth.states.shape[2]!;
  for (const [i, { states }] of [forth, back].entries())
    w.know(states, w.node('Slice', [joined, ...[i * H, i * H + H, 2].map((n) => w.ints([n]))]));
  return undefined;
};

/** A slice of a recurrence that has more steps than its inputs: the states of these, or the memory. */
export const slicedRecurrence: Rule = (w, _, { start }, { inputs, output, layer }) => {
  const all = inputs['x'];
  const record = madeBy(madeBy(all, 'states', layer)?.inputs['record'], 'recurrent', layer);
  const { initial, final, reverse } = (record?.attributes ?? {}) as Partial<Recurrence>;
  if (!record || !(initial || final)) return undefined;
  const steps = all!.shape[1]! - Number(initial) - Number(final);
  const isFrom = (place: number, count: number) =>
    start[1] === place && output.shape[1] === count && output.shape[2] === all!.shape[2];
  if (final && isFrom(reverse ? 0 : steps + Number(initial), 1))
    return recurrence(w, [record], 'memory');
  return isFrom(Number(reverse ? final : initial), steps)
    ? recurrence(w, [record], 'states')
    : undefined;
};

/** N×T×D as N×heads×T×D/heads. */
function inHeads(w: Writer, x: Value, { shape }: Tensor, heads: number): Value {
  const [N, T, D] = shape as [number, number, number];
  const apart = w.reshape(x, shape, [N, T, heads, D / heads]);
  return w.node('Transpose', [apart], { perm: [0, 2, 1, 3] });
}

/** A score that no other is below: a softmax gives 0 for it. */
const LOWEST = -3.4028234663852886e38;

interface Scores {
  readonly heads: number;
  readonly causal: boolean;
}

export const sequenceRules: Readonly<Record<string, Rule>> = {
  keepSteps(w, { x, lengths }, { mode }: { mode: string }, { output }) {
    const T = output.shape[1]!;
    const own = ownSteps(w, lengths!, T, [2]);
    const zero = w.floats(0);
    if (mode === 'last') {
      const last = w.node('Unsqueeze', [compared(w, 'Equal', lengths!, T), w.ints([2])]);
      return w.node('Where', [last, x, zero]);
    }
    const kept = w.node('Where', [own, x, zero]);
    if (mode === 'own') return kept;
    const counts = w.node('Cast', [lengths], { to: FLOAT });
    return w.node('Div', [kept, w.node('Unsqueeze', [counts, w.ints([1, 2])])]);
  },
  states(w, _, __, { inputs, layer }) {
    const record = madeBy(inputs['record'], 'recurrent', layer)!;
    const { initial, final } = record.attributes as Recurrence;
    // Only slices of it have a meaning: the export of slices.
    return initial || final ? undefined : recurrence(w, [record], 'states');
  },
  attentionScores(w, values, { heads, causal }: Scores, { inputs, output }) {
    const [, , T, S] = output.shape as [number, number, number, number];
    const q = inHeads(w, values['q']!, inputs['q']!, heads);
    const k = inHeads(w, values['k']!, inputs['k']!, heads);
    const product = w.node('MatMul', [q, w.node('Transpose', [k], { perm: [0, 1, 3, 2] })]);
    const d = inputs['q']!.shape[2]! / heads;
    let scores = w.node('Mul', [product, w.floats(1 / Math.sqrt(d))]);
    const only = (seen: Value) => w.node('Where', [seen, scores, w.floats(LOWEST)]);
    if (causal) {
      const earlier = Array.from({ length: T * S }, (_, i) => Number(i % S <= Math.floor(i / S)));
      scores = only(w.node('Cast', [w.ints(earlier, [T, S])], { to: BOOL }));
    }
    if (values['lengths'] !== undefined) scores = only(ownSteps(w, values['lengths'], S, [1, 2]));
    return w.node('Softmax', [scores], { axis: -1 });
  },
  attentionProduct(w, { p, x, lengths }, _, { inputs, output }) {
    const [, heads, , S] = inputs['p']!.shape as [number, number, number, number];
    const [N, T, D] = output.shape as [number, number, number];
    // A product with 0 is not 0 if the padding is not finite.
    const own =
      lengths === undefined ? x! : w.node('Where', [ownSteps(w, lengths, S, [2]), x, w.floats(0)]);
    const sums = w.node('MatMul', [p, inHeads(w, own, inputs['x']!, heads)]);
    const joined = w.node('Transpose', [sums], { perm: [0, 2, 1, 3] });
    return w.reshape(joined, [N, T, heads, D / heads], [N, T, D]);
  },
};
