/**
 * The op of recurrent layers, forward and backward through time: one kernel runs through time and keeps what backward
 * needs; one product over all steps gives the recurrent weights' gradient.
 */
import { apply, defineOp } from '../graph/op.js';
import { sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';
import { ELMAN_STATES, GRU_STATES, LSTM_STATES } from '../program/scratch.js';
import { activationCodes } from './activation.js';
import { concat } from './concat.js';
import { constant } from './constant.js';
import { matmul } from './matmul.js';
import { reshape } from './reshape.js';
import { pad, slice } from './slice.js';
import { denseStrides, emitCopy } from './strided.js';
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

/** A run's settings. */
export interface RunAttributes {
  readonly cell: Cell;
  /** Whether it runs from the last step to the first. */
  readonly reverse: boolean;
  /** Whether gates are 0.2·x + ½ between 0 and 1, in place of σ. */
  readonly hard?: boolean;
  /** A GRU's: whether r multiplies the states before their product with the weights. */
  readonly resetFirst?: boolean;
  /** Whether the step that comes first holds the states to begin with in place of inputs. */
  readonly initial?: boolean;
  /** Whether the step that comes last gives an LSTM's memory in place of states. */
  readonly final?: boolean;
}

/** N, T and H of a record. */
const extents = ([, N, T, H]: Shape) => [N!, T!, H!] as const;

/** Whether the weights are packed once for all steps; for very few, packing costs more than it saves. */
const isPacked = (record: Shape): boolean => record[2]! > 3;

/** The kernels' leading operands: N, T, H, and the bits of assembly/recurrent.ts. */
function leading(record: Shape, attributes: RunAttributes) {
  const { reverse, hard, resetFirst, initial, final } = attributes;
  const bits = [reverse, hard, resetFirst, initial, final, isPacked(record)];
  const mode = bits.reduce((sum, isSet, bit) => sum + (isSet ? 2 ** bit : 0), 0);
  return [...extents(record), mode] as const;
}

function workspace(record: Shape, cell: Cell): number {
  const [N, , H] = extents(record);
  const { gates, states } = cells[cell];
  return recurrentWorkspace(N, H, gates, states, isPacked(record));
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
const recurrentOp = defineOp<Inputs, RunAttributes>({
  name: 'recurrent',
  gives: 'reals',
  integers: true,
  shape({ projected, weight }, { cell }) {
    const [N, T] = projected.shape as [number, number];
    return { shape: [cells[cell].planes, N, T, weight.shape[1]!] };
  },
  forward(k, { output, attributes }, { inputs: at, output: record, ...places }) {
    const { cell } = attributes;
    const first = leading(output.shape, attributes);
    const operands = [
      at.projected,
      at.weight,
      at.bias ?? 0,
      record,
      places.workspace,
      at.lengths ?? 0,
    ] as const;
    if (cell === 'lstm') k.lstm(...first, ...operands);
    else if (cell === 'gru') k.gru(...first, ...operands);
    else k.elman(...first, activationCodes[cell], ...operands);
  },
  backward({ inputs: { weight, bias, lengths }, output: record, attributes }, dy) {
    const projected = apply(gradientOp, { weight, record, dy, lengths }, attributes);
    return { projected, ...weightGradients({ record, projected, bias }, attributes) };
  },
  workspace: ({ output, attributes }) => workspace(output.shape, attributes.cell),
  flops: ({ inputs: { projected }, output }) => 2 * sizeOf(projected.shape) * output.shape[3]!,
});

interface Run {
  readonly record: Tensor;
  /** The gradient by the projected input. */
  readonly projected: Tensor;
  readonly bias?: Tensor | undefined;
}

/** By the recurrent weights and their bias: one product over all steps, which begins with zeros, and a sum. */
function weightGradients({ record, projected, bias }: Run, attributes: RunAttributes) {
  const { cell, reverse, resetFirst, initial } = attributes;
  const [N, T, H] = extents(record.shape);
  const rowsOf = (x: Tensor): Tensor => reshape(x, [-1, x.shape[2]!]);
  const ofWeights =
    cell === 'gru' && !resetFirst ? apply(hiddenGradientOp, { projected, record }, {}) : projected;
  const rows = rowsOf(ofWeights);
  const before = rowsOf(statesBefore(states(record), reverse));
  // The step that holds initial states is none of the bias.
  const own = initial ? slice(ofWeights, [[], reverse ? [0, T - 1] : [1]]) : ofWeights;
  const ofBias = bias && sumRows(rowsOf(own));
  if (!resetFirst) return { weight: matmul(rows, before, true, false), bias: ofBias };
  const gates = slice(rows, [[], [0, 2 * H]]);
  const ofN = slice(rows, [[], [2 * H]]);
  const resetStates = reshape(apply(planeOp, { record }, { plane: 4 }), [N * T, H]);
  return {
    weight: concat([matmul(gates, before, true, false), matmul(ofN, resetStates, true, false)], 0),
    bias: ofBias,
  };
}

/** One plane of a record, copied. Only gradients read it. */
const planeOp = defineOp<{ record: Tensor }, { plane: number }>({
  name: 'plane',
  shape: ({ record }) => ({ shape: extents(record.shape) }),
  forward(k, { output: { shape }, attributes: { plane } }, { inputs: at, output }) {
    const [from, to] = [advance(at.record, plane * sizeOf(shape) * 4), denseStrides(shape)];
    emitCopy(k, shape, { x: from, from: to }, { y: output, to });
  },
});

interface GradientInputs {
  readonly weight: Tensor;
  readonly record: Tensor;
  readonly dy: Tensor;
  readonly lengths?: Tensor | undefined;
}

const gradientOp = defineOp<GradientInputs, RunAttributes>({
  name: 'recurrentGradient',
  integers: true,
  shape({ record }, { cell }) {
    const [N, T, H] = extents(record.shape);
    return { shape: [N, T, cells[cell].gates * H] };
  },
  forward(k, { inputs: { record }, attributes }, { inputs: at, ...places }) {
    const { cell } = attributes;
    const first = leading(record.shape, attributes);
    const operands = [
      at.weight,
      at.record,
      at.dy,
      places.output,
      places.workspace,
      at.lengths ?? 0,
    ] as const;
    if (cell === 'lstm') k.lstmGradient(...first, ...operands);
    else if (cell === 'gru') k.gruGradient(...first, ...operands);
    else k.elmanGradient(...first, activationCodes[cell], ...operands);
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

/** The states of all steps, N×T×H. */
export const applyRecurrent = (inputs: Inputs, attributes: RunAttributes): Tensor =>
  states(apply(recurrentOp, inputs, attributes));
