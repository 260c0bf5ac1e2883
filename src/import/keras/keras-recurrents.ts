/**
 * Recurrent layers: Keras' gates stand in columns, i, f, g, o in an LSTM as here, and z, r, n in a GRU, which is r, z, n here.
 * A bidirectional wrapper of two becomes one layer of both directions.
 */
import {
  add,
  gru,
  lstm,
  multiply,
  rnn,
  scale,
  slice,
  type Layer,
  type LstmOptions,
} from '../../layers/index.js';
import { activationName } from './keras-functions.js';
import {
  choiceOf,
  countOf,
  flagOf,
  innerOf,
  numberOf,
  only,
  refuseIn,
  warnIn,
  type Settings,
} from './keras-settings.js';
import { unfit, type Build, type Site } from './keras-site.js';
import { asKeras, type Value } from './keras-values.js';
import { permuted, type Part } from './keras-weights.js';

export type CellKind = 'LSTM' | 'GRU' | 'SimpleRNN';

/** A recurrent layer as its settings say. */
interface Cell {
  readonly kind: CellKind;
  readonly units: number;
  readonly bias: boolean;
  readonly returns: 'sequence' | 'last';
  /** GRU: whether the reset gate acts on the states' product, with a bias of its own. */
  readonly resetAfter: boolean;
  readonly make: (features: number, bidirectional: boolean) => Layer;
}

const KINDS = ['LSTM', 'GRU', 'SimpleRNN'] as const;

/** The gates in the order that they have here, by their places in Keras'. */
const GATES = { LSTM: [0, 1, 2, 3], GRU: [1, 0, 2], SimpleRNN: [0] } as const;

/** Reads a recurrent layer's settings; what no layer here does is noted. */
function cellOf(s: Settings): Cell {
  const kind = KINDS.find((one) => one === s.layer.className) ?? 'LSTM';
  if (kind !== s.layer.className)
    refuseIn(s, `it wraps ${s.layer.className}, expected ${KINDS.join(', ')}`);
  const units = countOf(s, 'units');
  const bias = flagOf(s, 'use_bias', true);
  only(s, 'return_state', false);
  only(s, 'time_major', false);
  if (flagOf(s, 'stateful', false))
    warnIn(s, 'it is stateful in the file: here every sample begins with states of zeros');
  for (const key of ['dropout', 'recurrent_dropout'])
    if (numberOf(s, key, 0) !== 0) warnIn(s, `its ${key} is left out`);
  const activation = activationName(s, 'activation', 'tanh');
  const simple = kind === 'SimpleRNN' ? ['tanh', 'relu'] : ['tanh'];
  if (!simple.includes(activation)) refuseIn(s, `activation is '${activation}'`);
  const common = {
    bias,
    returns: flagOf(s, 'return_sequences', false) ? ('sequence' as const) : ('last' as const),
  };
  const gates = kind === 'SimpleRNN' ? {} : gateOptions(s);
  // Keras 2 and 3 made true the default; tfjs has no other than false.
  const resetAfter = kind === 'GRU' && flagOf(s, 'reset_after', s.dialect !== 'tfjs');
  const make = (features: number, bidirectional: boolean): Layer => {
    const options = { ...common, bidirectional };
    if (kind === 'LSTM') return lstm(features, units, { ...options, ...gates });
    if (kind === 'GRU')
      return gru(features, units, { ...options, ...gates, ...(resetAfter ? {} : { resetAfter }) });
    return rnn(features, units, { ...options, nonlinearity: activation as 'tanh' | 'relu' });
  };
  return { kind, units, bias, resetAfter, returns: common.returns, make };
}

/** The function of the gates: sigmoid, or that of tfjs and early Keras, 0.2x + 0.5 within 0 and 1. */
function gateOptions(s: Settings): Pick<LstmOptions, 'recurrentActivation'> {
  const usual = s.dialect === 'tfjs' ? 'hard_sigmoid' : 'sigmoid';
  const name = activationName(s, 'recurrent_activation', usual);
  if (name === 'sigmoid') return {};
  // Keras 3 has another slope under the same name.
  if (name === 'hard_sigmoid' && s.dialect !== 'keras3')
    return { recurrentActivation: 'hardSigmoid' };
  refuseIn(s, `recurrent_activation is '${name}'`);
  return {};
}

/** Sets one direction's weights; `ending` is put to their names. */
function setDirection(
  site: Site,
  { kind, units, bias, resetAfter }: Cell,
  features: number,
  ending: string,
  parts: readonly Part[],
): void {
  const columns = GATES[kind].length * units;
  const found = site.arrays(
    {
      kernel: [features, columns],
      recurrent_kernel: [units, columns],
      ...(bias ? { bias: resetAfter ? [2, columns] : [columns] } : {}),
    },
    [...parts, { attribute: 'cell' }],
  );
  const { kernel, recurrent_kernel: recurrentKernel } = found;
  const given = { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: found['bias'] };
  for (const [name, values] of directionWeights(kind, units, features, given))
    site.set(`${name}_${ending}`, values);
}

/** The arrays of one direction as Keras has them. */
export interface DirectionArrays {
  readonly kernel: Float32Array;
  readonly recurrentKernel: Float32Array;
  /** One, or two in a row, the second of which is the states' own. */
  readonly bias?: Float32Array | undefined;
}

/** One direction's weights as they are here, without the ends of their names. */
export function directionWeights(
  kind: CellKind,
  units: number,
  features: number,
  { kernel, recurrentKernel, bias }: DirectionArrays,
): [name: string, values: Float32Array][] {
  const gates = GATES[kind];
  const columns = gates.length * units;
  const rows = (values: Float32Array, width: number): Float32Array =>
    inOrder(permuted(values, [width, columns], [1, 0]), units * width, gates);
  const weights: [string, Float32Array][] = [
    ['weight_ih', rows(kernel, features)],
    ['weight_hh', rows(recurrentKernel, units)],
  ];
  if (!bias) return weights;
  // Keras has one bias, except in a GRU with reset_after.
  const second = bias.length > columns ? bias.subarray(columns) : new Float32Array(columns);
  return [
    ...weights,
    ['bias_ih', inOrder(bias.subarray(0, columns), units, gates)],
    ['bias_hh', inOrder(second, units, gates)],
  ];
}

/** Blocks of `size` values, in the order of `gates`. */
function inOrder(values: Float32Array, size: number, gates: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  gates.forEach((from, to) =>
    result.set(values.subarray(from * size, (from + 1) * size), to * size),
  );
  return result;
}

function stepsOf(site: Site, given: Value): Value {
  const value = asKeras(given, site.apply);
  if (value.shape.length !== 2)
    unfit(`its input is ${value.shape.join('×') || 'a number'}, expected steps × features`);
  return value;
}

export function recurrent(s: Settings): Build {
  const cell = cellOf(s);
  only(s, 'go_backwards', false);
  return (site, ...given) => {
    if (given.length !== 1) unfit('it is given its first states, which is not supported');
    const value = stepsOf(site, given[0]!);
    const features = value.shape[1]!;
    const y = site.own('', () => cell.make(features, false), value);
    setDirection(site, cell, features, 'l0', []);
    return y;
  };
}

/** Both directions at once. Their states are side by side, and other ways of joining take them apart again. */
export function bidirectional(s: Settings): Build {
  const mode = choiceOf(s, 'merge_mode', ['concat', 'sum', 'ave', 'mul'], 'concat');
  if (s.config['merge_mode'] === null) refuseIn(s, 'merge_mode is null');
  const forward = innerOf(s, 'layer');
  if (!forward) return (_, value) => value;
  const cell = cellOf(forward);
  only(forward, 'go_backwards', false);
  const back = s.config['backward_layer'] ? innerOf(s, 'backward_layer') : undefined;
  if (back) {
    const other = cellOf(back);
    if (other.kind !== cell.kind || other.units !== cell.units || other.bias !== cell.bias)
      refuseIn(s, 'its backward_layer differs from its layer');
  }
  return (site, given) => {
    const value = stepsOf(site, given);
    const features = value.shape[1]!;
    const both = site.own('', () => cell.make(features, true), value);
    setDirection(site, cell, features, 'l0', [{ attribute: 'forward_layer', prefix: 'forward_' }]);
    const reverse = [{ attribute: 'backward_layer', prefix: 'backward_' }];
    setDirection(site, cell, features, 'l0_reverse', reverse);
    return mode === 'concat' ? both : joined(site, both, cell.units, mode);
  };
}

function joined(site: Site, both: Value, units: number, mode: 'sum' | 'ave' | 'mul'): Value {
  const axis = both.shape.length;
  const forward = site.apply(slice(axis, 0, units), both);
  const backward = site.apply(slice(axis, units), both);
  if (mode === 'mul') return site.apply(multiply(), forward, backward);
  const total = site.apply(add(), forward, backward);
  return mode === 'ave' ? site.apply(scale(0.5), total) : total;
}
