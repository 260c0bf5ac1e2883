/** Recurrent layers, with PyTorch's names and order: RNN, LSTM and GRU(inputSize, hiddenSize), batch-first. */
import { checkOptions, extent, flag, oneOf, wholeFrom, type Checks } from '../base/check.js';
import * as ops from '../ops/index.js';
import { ShapeError } from '../graph/op.js';
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
  /**
   * Whether the states to begin with are inputs: the layer is applied to x, h and, for `lstm`, the memory c, before lengths if
   * there are any. Samples are H, or layers·directions×H in PyTorch's order (l0, l0_reverse, l1, …); default false: zeros.
   */
  readonly initialStates?: boolean;
}

/** Settings of `rnn`. */
export interface RnnOptions extends RecurrentOptions {
  /** Default `tanh`. */
  readonly nonlinearity?: 'tanh' | 'relu';
}

/** Settings of `lstm`. */
export interface LstmOptions extends RecurrentOptions {
  /** σ of the gates: `sigmoid` (default), or `hardSigmoid`, 0.2·x + ½ between 0 and 1, tfjs's default. */
  readonly recurrentActivation?: ops.RecurrentActivation;
}

/** Settings of `gru`. */
export interface GruOptions extends LstmOptions {
  /**
   * Whether r multiplies the product of states and weights (default, PyTorch's), or the states before it: Cho et al.'s own
   * formula, Keras's `reset_after=False`, ONNX's `linear_before_reset` 0.
   */
  readonly resetAfter?: boolean;
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
  run: ops.RecurrentRun,
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
  return ops.recurrent(x, weights, cell, { ...run, reverse: name.endsWith('_reverse') });
}

/** More layers are a mistake: each adds several ops to the graph. */
const MAX_LAYERS = 1000;

const CHECKS: Checks<RecurrentOptions> = {
  numLayers: /* @__PURE__ */ wholeFrom(1, MAX_LAYERS),
  bias: flag,
  bidirectional: flag,
  returns: /* @__PURE__ */ oneOf(['sequence', 'last']),
  initialStates: flag,
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
  run: ops.RecurrentRun = {},
): Layer {
  checkOptions(kind, options, CHECKS);
  const { numLayers = 1, bias = true, bidirectional = false, returns = 'sequence' } = options;
  const { dropout = 0, initialStates = false } = options;
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
    ...(initialStates && { initialStates }),
    ...initSettings(options),
  };
  const directions = bidirectional ? ['', '_reverse'] : [''];
  const given = initialStates ? (cell === 'lstm' ? 2 : 1) : 0;
  const build: Build = (scope, x, ...others) => {
    const lengths = others[given];
    ops.checkSequence(kind, x!, inputSize);
    if (lengths) ops.checkLengths(kind, x!, lengths);
    const [h0, c0] = others
      .slice(0, given)
      .map((state) => eachState(kind, state, numLayers * directions.length, hiddenSize));
    // Values in the padding would reach the weights' gradient, times 0, and a NaN would remain NaN.
    let inputs = lengths ? ops.ownSteps(x!, lengths) : x!;
    let outputs: Tensor[] = [];
    for (let layer = 0; layer < numLayers; layer++) {
      if (layer > 0) inputs = drop(scope, inputs, dropout);
      outputs = directions.map((direction, i) => {
        const at = layer * directions.length + i;
        const own = { ...run, lengths, h0: h0?.[at], c0: c0?.[at] };
        const name = `l${layer}${direction}`;
        return applyCell(scope, inputs, cell, hiddenSize, name, bias, options, own);
      });
      inputs = sideBySide(outputs);
    }
    if (returns === 'sequence') return inputs;
    const last = (h: Tensor, i: number) =>
      lengths && i === 0 ? ops.lastSteps(h, lengths) : ops.lastState(h, i === 1);
    return sideBySide(outputs.map(last));
  };
  return defineLayer(kind, settings, build, [1 + given, 2 + given]);
}

/** The states N×H of each layer and direction, from all of them. */
function eachState(kind: string, all: Tensor, count: number, H: number): Tensor[] {
  const N = all.shape[0]!;
  const own = all.shape.slice(1).join('×');
  if (own !== `${count}×${H}` && (count > 1 || own !== `${H}`)) {
    const expected = count > 1 ? `${count}×${H}` : `${H}`;
    throw new ShapeError(kind, `states to begin with are ${own} a sample, expected ${expected}`);
  }
  if (count === 1) return [ops.reshape(all, [N, H])];
  return ops.split(all, 1, 1).map((one) => ops.reshape(one, [N, H]));
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

const gateChecks = (): Checks<LstmOptions> => ({
  ...CHECKS,
  recurrentActivation: oneOf(ops.RECURRENT_ACTIVATIONS),
});

/** An LSTM or a GRU; settings at their default are not written. */
function gated(kind: 'lstm' | 'gru', inputSize: number, hiddenSize: number, given: GruOptions) {
  const { recurrentActivation = 'sigmoid', resetAfter = true, ...options } = given;
  const run = {
    ...(recurrentActivation !== 'sigmoid' && { recurrentActivation }),
    ...(!resetAfter && { resetAfter }),
  };
  return recurrent(kind, kind, inputSize, hiddenSize, options, run, run);
}

/** Long short-term memory (Hochreiter & Schmidhuber 1997), see `rnn`; weights have 4·H rows: i, f, g, o. */
export function lstm(inputSize: number, hiddenSize: number, options: LstmOptions = {}): Layer {
  checkOptions('lstm', options, gateChecks());
  return gated('lstm', inputSize, hiddenSize, options);
}

/**
 * Gated recurrent unit (Cho et al. 2014, PyTorch's n unless `resetAfter` is false), see `rnn`; weights have 3·H rows: r, z,
 * n.
 */
export function gru(inputSize: number, hiddenSize: number, options: GruOptions = {}): Layer {
  checkOptions('gru', options, { ...gateChecks(), resetAfter: flag });
  return gated('gru', inputSize, hiddenSize, options);
}

export const recurrentLayers: Constructors = {
  gru: ({ inputSize, hiddenSize, ...options }) => gru(inputSize, hiddenSize, options),
  lstm: ({ inputSize, hiddenSize, ...options }) => lstm(inputSize, hiddenSize, options),
  rnn: ({ inputSize, hiddenSize, ...options }) => rnn(inputSize, hiddenSize, options),
};
