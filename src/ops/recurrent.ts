/**
 * Recurrent layers over sequences N×T×F (Elman 1990; Hochreiter & Schmidhuber 1997; Cho et al. 2014). Weights are
 * PyTorch's. One product computes the input's part for all steps, and recurrence.ts the rest.
 */
import { checkOptions, flag, oneOf, type Checks } from '../base/check.js';
import { ShapeError, tensorOperand } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import { cumsum } from './accumulate.js';
import { add, subtract } from './binary.js';
import { concat } from './concat.js';
import { constant } from './constant.js';
import { toFloats } from './loss.js';
import { linear } from './matmul.js';
import { applyRecurrent, gatesOf, type Cell, type RunAttributes } from './recurrence.js';
import { expand } from './reduce.js';
import { reshape } from './reshape.js';
import { slice } from './slice.js';
import { checkLengths, lastSteps } from './steps.js';
import { takeAlong } from './take.js';

/** The name for messages. */
const nameOf = (cell: Cell): string => (cell === 'tanh' || cell === 'relu' ? 'rnn' : cell);

/** One layer's weights, with gates·H rows each: i, f, g, o (LSTM) or r, z, n (GRU). */
export interface RecurrentWeights {
  /** gates·H×F. */
  readonly weightIh: Tensor;
  /** gates·H×H. */
  readonly weightHh: Tensor;
  /** gates·H; both biases or neither. */
  readonly biasIh?: Tensor | undefined;
  readonly biasHh?: Tensor | undefined;
}

/** @throws ShapeError unless x is N×T×F. */
export function checkSequence(name: string, x: Tensor, F?: number): void {
  if (x.shape.length === 3 && (F === undefined || x.shape[2] === F)) return;
  throw new ShapeError(name, `expected an input of N×T×${F ?? 'F'}, found ${showShape(x.shape)}`);
}

function check(x: Tensor, cell: Cell, { weightIh, weightHh, ...biases }: RecurrentWeights): void {
  const name = nameOf(cell);
  const gates = gatesOf(cell);
  const [rows, H] = weightHh.shape;
  const refuse = (detail: string) => {
    throw new ShapeError(name, detail);
  };
  if (weightHh.shape.length !== 2 || rows !== gates * H!) {
    refuse(`weight_hh has shape ${showShape(weightHh.shape)}, expected ${gates}·H×H`);
  }
  checkSequence(name, x);
  const expected = [gates * H!, x.shape[2]!];
  if (showShape(weightIh.shape) !== showShape(expected)) {
    refuse(
      `input ${showShape(x.shape)} does not fit weight_ih ${showShape(weightIh.shape)}: expected ${showShape(expected)}`,
    );
  }
  for (const bias of [biases.biasIh, biases.biasHh]) {
    if (bias && showShape(bias.shape) !== `${rows}`)
      refuse(`a bias has shape ${showShape(bias.shape)}, expected ${rows}`);
  }
}

/** How a recurrent layer runs. */
export interface RecurrentRun {
  /** From the last step to the first; default false. */
  readonly reverse?: boolean | undefined;
  /** The numbers of the samples' own steps; default: all. */
  readonly lengths?: Tensor | undefined;
  /** The states to begin with, N×H; default zeros. */
  readonly h0?: Tensor | undefined;
  /** An LSTM's memory to begin with, N×H; default zeros. */
  readonly c0?: Tensor | undefined;
  /** A GRU's: whether r multiplies Uₙ·h + cₙ (default, PyTorch's), or h before the product with Uₙ (Cho et al. 2014). */
  readonly resetAfter?: boolean | undefined;
  /** σ of an LSTM's and a GRU's gates: `sigmoid` (default), or 0.2·x + ½ between 0 and 1, Keras 2's `hardSigmoid`. */
  readonly recurrentActivation?: RecurrentActivation | undefined;
}

export const RECURRENT_ACTIVATIONS = ['sigmoid', 'hardSigmoid'] as const;

export type RecurrentActivation = (typeof RECURRENT_ACTIVATIONS)[number];

const RUN_CHECKS: Checks<RecurrentRun> = {
  reverse: flag,
  lengths: tensorOperand,
  h0: tensorOperand,
  c0: tensorOperand,
  resetAfter: flag,
  recurrentActivation: /* @__PURE__ */ oneOf(RECURRENT_ACTIVATIONS),
};

function checkRun(x: Tensor, cell: Cell, H: number, run: RecurrentRun): void {
  const name = nameOf(cell);
  checkOptions(name, run, RUN_CHECKS);
  const { lengths, h0, c0, resetAfter = true, recurrentActivation = 'sigmoid' } = run;
  if (lengths) checkLengths(name, x, lengths);
  const expected = showShape([x.shape[0]!, H]);
  for (const [what, state] of Object.entries({ h0, c0 })) {
    if (state && showShape(state.shape) !== expected) {
      throw new ShapeError(name, `${what} is ${showShape(state.shape)}, expected ${expected}`);
    }
  }
  const others = [
    !resetAfter && cell !== 'gru' && 'resetAfter is for gru',
    recurrentActivation !== 'sigmoid' &&
      name === 'rnn' &&
      'recurrentActivation is for lstm and gru',
    c0 && cell !== 'lstm' && 'c0 is for lstm',
  ];
  const wrong = others.find(Boolean);
  if (wrong) throw new ShapeError(name, wrong);
}

/** States with an axis of one step; zeros where there are none. */
const asStep = (state: Tensor | undefined, [N, H]: Shape): Tensor =>
  state ? reshape(state, [N!, 1, H!]) : constant(0, [N!, 1, H!]);

/** The projected input with the steps that hold states, or stand for them, around it. */
function framed(
  projected: Tensor,
  H: number,
  attributes: RunAttributes,
  run: RecurrentRun,
): Tensor {
  const { initial, final, reverse } = attributes;
  if (!initial && !final) return projected;
  const [N, , rows] = projected.shape as [number, number, number];
  const states = [run.h0, ...(attributes.cell === 'lstm' ? [run.c0] : [])];
  const rest = rows - states.length * H;
  const step = [
    ...states.map((state) => asStep(state, [N, H])),
    ...(rest > 0 ? [constant(0, [N, 1, rest])] : []),
  ];
  const first = initial ? [step.length === 1 ? step[0]! : concat(step, -1)] : [];
  const last = final ? [constant(0, [N, 1, rows])] : [];
  const parts = [...first, projected, ...last];
  return concat(reverse ? parts.toReversed() : parts, 1);
}

/** Each sample's own steps from the last to the first, and its padding likewise: twice is the sequence again. */
function turned(x: Tensor, lengths: Tensor): Tensor {
  const [N, T] = x.shape as [number, number];
  const places = cumsum(constant(1, [1, T]), 1, { exclusive: true });
  // From −1 on down they count from the end.
  const ends = add(reshape(toFloats(lengths), [N, 1]), constant(-1, [1]));
  return takeAlong(x, expand(reshape(subtract(ends, places), [N, T, 1]), x.shape), 1);
}

/** The states of all steps, and the memory after the last one if it is asked for. */
function runSteps(
  x: Tensor,
  weights: RecurrentWeights,
  cell: Cell,
  run: RecurrentRun,
  final: boolean,
): { states: Tensor; memory: Tensor | undefined } {
  check(x, cell, weights);
  const H = weights.weightHh.shape[1]!;
  checkRun(x, cell, H, run);
  const { lengths, h0, c0, reverse = false } = run;
  const initial = h0 !== undefined || c0 !== undefined;
  if (initial && lengths && reverse) {
    // Behind the padding, the states to begin with would come after steps that are none.
    const forth = { ...run, reverse: false };
    const { states, memory } = runSteps(turned(x, lengths), weights, cell, forth, final);
    return { states: turned(states, lengths), memory };
  }
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const attributes: RunAttributes = {
    cell,
    reverse,
    hard: run.recurrentActivation === 'hardSigmoid',
    resetFirst: run.resetAfter === false,
    initial,
    final,
  };
  const projected = framed(linear(x, weightIh, biasIh ?? null), H, attributes, run);
  const inputs = { projected, weight: weightHh, bias: biasHh, lengths };
  const all = applyRecurrent(inputs, attributes);
  const [T, more] = [x.shape[1]!, all.shape[1]! - x.shape[1]!];
  if (more === 0) return { states: all, memory: undefined };
  const from = Number(reverse ? final : initial);
  const last = reverse ? 0 : from + T;
  return {
    states: slice(all, [[], [from, from + T]]),
    memory: final ? reshape(slice(all, [[], [last, last + 1]]), [x.shape[0]!, H]) : undefined,
  };
}

/**
 * The states of all steps, N×T×H, of a recurrent layer that starts with zeros or with the states given. x: N×T×F. W and
 * b are for the input, U and c for the previous states (weight_hh, bias_hh):
 * - tanh, relu: h = f(W·x + b + U·h + c)
 * - lstm: i, f, o = σ and g = tanh of their rows of W·x + b + U·h + c; s = f·s + i·g; h = o·tanh s
 * - gru: r, z = σ of their rows of W·x + b + U·h + c; n = tanh(Wₙ·x + bₙ + r·(Uₙ·h + cₙ)), or with `resetAfter: false`
 *   n = tanh(Wₙ·x + bₙ + Uₙ·(r·h) + cₙ); h = (1 − z)·n + z·h
 * With `lengths`, steps after a sample's own are skipped and their states are 0, as with PyTorch's packed sequences; in
 * reverse it begins at the last own step.
 * @throws ShapeError naming the input's and the weights' shapes, and a state's.
 * @throws LanewiseError kind 'argument' for a setting out of range.
 */
export const recurrent = (
  x: Tensor,
  weights: RecurrentWeights,
  cell: Cell,
  run: RecurrentRun = {},
): Tensor => runSteps(x, weights, cell, run, false).states;

/**
 * As `recurrent`, with the states after the last step of each sample, h, and an LSTM's memory after it, c; both N×H. In
 * reverse the last step is the first of the sequence.
 */
export function recurrentStates(
  x: Tensor,
  weights: RecurrentWeights,
  cell: Cell,
  run: RecurrentRun = {},
): { states: Tensor; h: Tensor; c?: Tensor } {
  const { states, memory } = runSteps(x, weights, cell, run, cell === 'lstm');
  const isCut = run.lengths !== undefined && !run.reverse;
  const h = isCut ? lastSteps(states, run.lengths!) : lastState(states, run.reverse);
  return { states, h, ...(memory && { c: memory }) };
}

/** The states after a run's last step, N×H of N×T×H: those of the first step if it ran in reverse. */
export function lastState(h: Tensor, reverse = false): Tensor {
  const [N, T, H] = h.shape as [number, number, number];
  return reshape(slice(h, [[], reverse ? [0, 1] : [T - 1]]), [N, H]);
}
