/**
 * Recurrent layers over sequences N×T×F (Elman 1990; Hochreiter & Schmidhuber 1997; Cho et al. 2014). Weights are
 * PyTorch's. One product computes the input's part for all steps; one kernel runs through time and keeps what backward
 * needs; one more product over all steps gives the recurrent weights' gradient.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';
import { ELMAN_STATES, GRU_STATES, LSTM_STATES } from '../program/scratch.js';
import { activationCodes } from './activation.js';
import { constant } from './constant.js';
import { linear, matmul } from './matmul.js';
import { reshape } from './reshape.js';
import { pad, slice } from './slice.js';
import { checkLengths } from './steps.js';
import { sumRows } from './sum.js';
import { recurrentWorkspace } from './workspace.js';

/** Rows of gates, planes of the record (the states first), and the scratch of the kernels. */
const cells = {
  tanh: { gates: 1, planes: 1, states: ELMAN_STATES },
  relu: { gates: 1, planes: 1, states: ELMAN_STATES },
  lstm: { gates: 4, planes: 6, states: LSTM_STATES },
  gru: { gates: 3, planes: 5, states: GRU_STATES },
} as const;

/** An Elman network, named by its activation, or a cell with gates. */
export type Cell = keyof typeof cells;

/** Number of gates, each with H rows of the weights. */
export const gatesOf = (cell: Cell): number => cells[cell].gates;

/** The name for messages. */
const nameOf = (cell: Cell): string => (cell === 'tanh' || cell === 'relu' ? 'rnn' : cell);

interface Attributes {
  readonly cell: Cell;
  /** Whether it runs from the last step to the first. */
  readonly reverse: boolean;
}

/** N, T and H of a record. */
const extents = ([, N, T, H]: Shape) => [N!, T!, H!] as const;

function workspace(shape: Shape, cell: Cell): number {
  const [N, , H] = extents(shape);
  const { gates, states } = cells[cell];
  return recurrentWorkspace(N, H, gates, states);
}

interface Inputs {
  /** N×T×(gates·H). */
  readonly projected: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
  /** Number of each sample's own steps, i32; absent: all. */
  readonly lengths?: Tensor | undefined;
}

/** The record of a run: planes×N×T×H. Only `states` reads it, so its gradient is that by the states. */
const recurrentOp = defineOp<Inputs, Attributes>({
  name: 'recurrent',
  gives: 'reals',
  integers: true,
  shape({ projected, weight }, { cell }) {
    const [N, T] = projected.shape as [number, number];
    return { shape: [cells[cell].planes, N, T, weight.shape[1]!] };
  },
  forward(k, { output, attributes: { cell, reverse } }, { inputs: at, output: record, ...places }) {
    const leading = [...extents(output.shape), Number(reverse)] as const;
    const operands = [
      at.projected,
      at.weight,
      at.bias ?? 0,
      record,
      places.workspace,
      at.lengths ?? 0,
    ] as const;
    if (cell === 'lstm') k.lstm(...leading, ...operands);
    else if (cell === 'gru') k.gru(...leading, ...operands);
    else k.elman(...leading, activationCodes[cell], ...operands);
  },
  backward({ inputs: { weight, bias, lengths }, output: record, attributes }, dy) {
    const [N, T, H] = extents(record.shape);
    const projected = apply(gradientOp, { weight, record, dy, lengths }, attributes);
    const hidden =
      attributes.cell === 'gru' ? apply(hiddenGradientOp, { projected, record }, {}) : projected;
    const rows = reshape(hidden, [N * T, cells[attributes.cell].gates * H]);
    const before = reshape(statesBefore(states(record), attributes.reverse), [N * T, H]);
    return {
      projected,
      weight: matmul(rows, before, true, false),
      bias: bias && sumRows(rows),
    };
  },
  workspace: ({ output, attributes }) => workspace(output.shape, attributes.cell),
  flops: ({ inputs: { projected }, output }) => 2 * sizeOf(projected.shape) * output.shape[3]!,
});

interface GradientInputs {
  readonly weight: Tensor;
  readonly record: Tensor;
  readonly dy: Tensor;
  readonly lengths?: Tensor | undefined;
}

const gradientOp = defineOp<GradientInputs, Attributes>({
  name: 'recurrentGradient',
  integers: true,
  shape({ record }, { cell }) {
    const [N, T, H] = extents(record.shape);
    return { shape: [N, T, cells[cell].gates * H] };
  },
  forward(k, { inputs: { record }, attributes: { cell, reverse } }, { inputs: at, ...places }) {
    const leading = [...extents(record.shape), Number(reverse)] as const;
    const operands = [
      at.weight,
      at.record,
      at.dy,
      places.output,
      places.workspace,
      at.lengths ?? 0,
    ] as const;
    if (cell === 'lstm') k.lstmGradient(...leading, ...operands);
    else if (cell === 'gru') k.gruGradient(...leading, ...operands);
    else k.elmanGradient(...leading, activationCodes[cell], ...operands);
  },
  workspace: ({ inputs: { record }, attributes }) => workspace(record.shape, attributes.cell),
  flops: ({ inputs: { record }, output }) => 2 * sizeOf(output.shape) * record.shape[3]!,
});

/** A GRU's gradient by the product of states and weights, from the gradient by the projected input. */
const hiddenGradientOp = defineOp<{ projected: Tensor; record: Tensor }, object>({
  name: 'gruHiddenGradient',
  shape: ({ projected }) => ({ shape: projected.shape }),
  forward(k, { inputs: { record } }, { inputs: at, output }) {
    const [N, T, H] = extents(record.shape);
    const resetGate = advance(at.record, N * T * H * 4);
    k.gruHiddenGradient(N * T, H, at.projected, resetGate, output);
  },
});

/** The first plane of a record, N×T×H: a view. */
const statesOp = defineOp<{ record: Tensor }, object>({
  name: 'states',
  shape: ({ record }) => ({ shape: extents(record.shape) }),
  backward: (_, dy) => ({ record: dy }),
});

const states = (record: Tensor): Tensor => apply(statesOp, { record }, {});

/** The states before each step; zero before the first. */
function statesBefore(h: Tensor, reverse: boolean): Tensor {
  const T = h.shape[1]!;
  if (T === 1) return constant(0, h.shape);
  const others = slice(h, [[], reverse ? [1] : [0, T - 1]]);
  return pad(others, [[0, 0], reverse ? [0, 1] : [1, 0], [0, 0]]);
}

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
  const { gates } = cells[cell];
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

/**
 * The states of all steps, N×T×H, of a recurrent layer that starts with zeros. x: N×T×F. W and b are for the input, U
 * and c for the previous states (weight_hh, bias_hh):
 * - tanh, relu: h = f(W·x + b + U·h + c)
 * - lstm: i, f, o = σ and g = tanh of their rows of W·x + b + U·h + c; s = f·s + i·g; h = o·tanh s
 * - gru: r, z = σ of their rows of W·x + b + U·h + c; n = tanh(Wₙ·x + bₙ + r·(Uₙ·h + cₙ)); h = (1 − z)·n + z·h
 * With `lengths`, steps after a sample's own are skipped and their states are 0, as with PyTorch's packed sequences; in
 * reverse it begins at the last own step.
 * @throws ShapeError naming the input's and the weights' shapes.
 */
export function recurrent(
  x: Tensor,
  weights: RecurrentWeights,
  cell: Cell,
  reverse = false,
  lengths?: Tensor,
): Tensor {
  check(x, cell, weights);
  if (lengths) checkLengths(nameOf(cell), x, lengths);
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const projected = linear(x, weightIh, biasIh ?? null);
  const inputs = { projected, weight: weightHh, bias: biasHh, lengths };
  return states(apply(recurrentOp, inputs, { cell, reverse }));
}

/** The states after a run's last step, N×H of N×T×H: those of the first step if it ran in reverse. */
export function lastState(h: Tensor, reverse = false): Tensor {
  const [N, T, H] = h.shape as [number, number, number];
  return reshape(slice(h, [[], reverse ? [0, 1] : [T - 1]]), [N, H]);
}
