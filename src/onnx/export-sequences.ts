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
}

/** N×T×F and T×N×F exchanged. */
const turned = (w: Writer, x: Value): Value => w.node('Transpose', [x], { perm: [1, 0, 2] });

/** The states of all steps. The graph projects the inputs apart from the recurrence; ONNX's nodes do both. */
function recurrence(w: Writer, record: NonNullable<ReturnType<typeof madeBy>>): Value {
  const { cell, reverse } = record.attributes as Recurrence;
  const { op, gates } = cells[cell]!;
  const { projected, weight, bias, lengths } = record.inputs;
  const product = madeBy(
    madeBy(projected, 'reshape', record.layer)?.inputs['x'],
    'matmul',
    record.layer,
  )!;
  const x = madeBy(product.inputs['a'], 'reshape', record.layer)!.inputs['x']!;
  const H = weight!.shape[1]!;
  const alone = (value: Value) => w.node('Unsqueeze', [value, w.ints([0])]);
  const stacked = (t: Tensor) => inOrder(w, w.of(t), gates, H);
  const biases = [product.inputs['bias'], bias].flatMap((t) => (t ? [stacked(t)] : []));
  const operands = [
    turned(w, w.of(x)),
    alone(stacked(product.inputs['b']!)),
    alone(stacked(weight!)),
    biases.length > 0 ? alone(w.node('Concat', biases, { axis: 0 })) : undefined,
    lengths && w.node('Cast', [w.of(lengths)], { to: INT32 }),
  ];
  const y = w.node(op, operands, {
    hidden_size: H,
    ...(reverse ? { direction: 'reverse' } : {}),
    ...(op === 'RNN' && cell === 'relu' ? { activations: ['Relu'] } : {}),
    ...(op === 'GRU' ? { linear_before_reset: 1 } : {}),
  });
  return turned(w, w.node('Squeeze', [y, w.ints([1])]));
}

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
  states: (w, _, __, { inputs, layer }) =>
    recurrence(w, madeBy(inputs['record'], 'recurrent', layer)!),
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
