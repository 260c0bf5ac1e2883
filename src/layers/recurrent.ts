/** Recurrent layers, with PyTorch's names and order: RNN, LSTM and GRU(inputSize, hiddenSize), batch-first. */
import { checkOptions, extent, flag, oneOf, wholeFrom, type Checks } from '../base/check.js';
import * as ops from '../ops/index.js';
import type { Shape, Tensor } from '../graph/tensor.js';
import { drop, dropRate } from './gates.js';
import { fanInUniform, initializer, initSettings, type InitOptions } from './initializer.js';
import {
  defineLayer,
  type Constructors,
  type Build,
  type Layer,
  type Scope,
  type Settings,
} from './layer.js';

/** `weightInit` is for both weights, `biasInit` for both biases; default uniform in ±1/√hiddenSize. */
export interface RecurrentOptions extends InitOptions {
  /** Number of layers, each of which takes the states of the one before; default 1. */
  readonly numLayers?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Whether to run also from the last step to the first, with separate weights, and join both states; default false. */
  readonly bidirectional?: boolean;
  /** The rate at which states are dropped between layers, not after the last; default 0. */
  readonly dropout?: number;
  /** The last layer's states at all steps, N×T×H (default), or after its last step, N×H. */
  readonly returns?: 'sequence' | 'last';
}

/** Settings of `rnn`. */
export interface RnnOptions extends RecurrentOptions {
  /** Default `tanh`. */
  readonly nonlinearity?: 'tanh' | 'relu';
}

/** The states of one layer in one direction, with weights named after layer and direction. */
function applyCell(
  scope: Scope,
  x: Tensor,
  cell: ops.Cell,
  H: number,
  name: string,
  bias: boolean,
  { weightInit = fanInUniform(H), biasInit = fanInUniform(H) }: InitOptions,
  lengths: Tensor | undefined,
) {
  const rows = ops.gatesOf(cell) * H;
  const parameter = (kind: string, shape: Shape) =>
    scope.parameter(`${kind}_${name}`, shape, shape.length === 1 ? biasInit : weightInit);
  const weights = {
    weightIh: parameter('weight_ih', [rows, x.shape.at(-1)!]),
    weightHh: parameter('weight_hh', [rows, H]),
    biasIh: bias ? parameter('bias_ih', [rows]) : undefined,
    biasHh: bias ? parameter('bias_hh', [rows]) : undefined,
  };
  return ops.recurrent(x, weights, cell, name.endsWith('_reverse'), lengths);
}

/** More layers are a mistake: each adds several ops to the graph. */
const MAX_LAYERS = 1000;

const CHECKS: Checks<RecurrentOptions> = {
  numLayers: /* @__PURE__ */ wholeFrom(1, MAX_LAYERS),
  bias: flag,
  bidirectional: flag,
  returns: /* @__PURE__ */ oneOf(['sequence', 'last']),
  dropout: dropRate,
  weightInit: initializer,
  biasInit: initializer,
};

function recurrent(
  kind: string,
  cell: ops.Cell,
  inputSize: number,
  hiddenSize: number,
  options: RecurrentOptions,
  more: Settings = {},
): Layer {
  checkOptions(kind, options, CHECKS);
  const { numLayers = 1, bias = true, bidirectional = false, returns = 'sequence' } = options;
  const { dropout = 0 } = options;
  extent(kind, 'inputSize', inputSize);
  extent(kind, 'hiddenSize', hiddenSize);
  const settings = {
    inputSize,
    hiddenSize,
    numLayers,
    bias,
    bidirectional,
    dropout,
    returns,
    ...more,
    ...initSettings(options),
  };
  const directions = bidirectional ? ['', '_reverse'] : [''];
  const build: Build = (scope, x, lengths) => {
    ops.checkSequence(kind, x!, inputSize);
    if (lengths) ops.checkLengths(kind, x!, lengths);
    // Values in the padding would reach the weights' gradient, times 0, and a NaN would remain NaN.
    let inputs = lengths ? ops.ownSteps(x!, lengths) : x!;
    let outputs: Tensor[] = [];
    for (let layer = 0; layer < numLayers; layer++) {
      if (layer > 0) inputs = drop(scope, inputs, dropout);
      outputs = directions.map((direction) =>
        applyCell(scope, inputs, cell, hiddenSize, `l${layer}${direction}`, bias, options, lengths),
      );
      inputs = sideBySide(outputs);
    }
    if (returns === 'sequence') return inputs;
    const last = (h: Tensor, i: number) =>
      lengths && i === 0 ? ops.lastSteps(h, lengths) : ops.lastState(h, i === 1);
    return sideBySide(outputs.map(last));
  };
  return defineLayer(kind, settings, build, [1, 2]);
}

const sideBySide = (parts: readonly Tensor[]): Tensor =>
  parts.length === 1 ? parts[0]! : ops.concat(parts, -1);

/**
 * h = f(W·x + b + U·h + c) over the steps of N×T×inputSize, starting with zeros (Elman 1990). The layer's parameters
 * are PyTorch's: weight_ih_l0 H×inputSize, weight_hh_l0 H×H, bias_ih_l0 and bias_hh_l0 H, then those of l1 and so on.
 * Names of the other direction end in _reverse.
 * @throws LanewiseError kind 'argument' for settings out of range.
 */
export function rnn(inputSize: number, hiddenSize: number, given: RnnOptions = {}): Layer {
  checkOptions('rnn', given, { ...CHECKS, nonlinearity: oneOf(['tanh', 'relu']) });
  const { nonlinearity = 'tanh', ...options } = given;
  return recurrent('rnn', nonlinearity, inputSize, hiddenSize, options, { nonlinearity });
}

/** Long short-term memory (Hochreiter & Schmidhuber 1997), see `rnn`; weights have 4·H rows: i, f, g, o. */
export const lstm = (
  inputSize: number,
  hiddenSize: number,
  options: RecurrentOptions = {},
): Layer => recurrent('lstm', 'lstm', inputSize, hiddenSize, options);

/** Gated recurrent unit (Cho et al. 2014, PyTorch's n), see `rnn`; weights have 3·H rows: r, z, n. */
export const gru = (inputSize: number, hiddenSize: number, options: RecurrentOptions = {}): Layer =>
  recurrent('gru', 'gru', inputSize, hiddenSize, options);

export const recurrentLayers: Constructors = {
  gru: ({ inputSize, hiddenSize, ...options }) => gru(inputSize, hiddenSize, options),
  lstm: ({ inputSize, hiddenSize, ...options }) => lstm(inputSize, hiddenSize, options),
  rnn: ({ inputSize, hiddenSize, ...options }) => rnn(inputSize, hiddenSize, options),
};
