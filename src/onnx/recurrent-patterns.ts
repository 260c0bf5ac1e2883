/**
 * Patterns of recurrent layers. ONNX runs over T×N×F with gates in another order; layers here take N×T×F, and several
 * nodes of one PyTorch module become one layer.
 */
import type { Layer } from '../layers/layer.js';
import * as layers from '../layers/index.js';
import { numberAt } from './attributes.js';
import { turned, viewed } from './moving-patterns.js';
import { one, rankOf, wiresAt, type Call, type Pattern, type Patterns } from './pattern.js';
import { note, release } from './reader.js';
import { CELLS } from './rules/recurrent-rules.js';
import { SAMPLES } from './sample-place.js';
import type { Value, Weight, Wires } from './value.js';
import { indicesOf, layerNamed, parameterOf, weightOf, withShape } from './weights.js';

const OPS = { lstm: 'LSTM', gru: 'GRU', rnn: 'RNN' } as const;

type Kind = keyof typeof OPS;

interface Cell {
  readonly kind: Kind;
  readonly H: number;
  readonly F: number;
  readonly directions: number;
  readonly relu: boolean;
  /** Parameters of the layer by `weight_ih`, `weight_ih_reverse` and so on. */
  readonly weights: Readonly<Record<string, Weight>>;
}

const isZero = (value: Value | undefined): boolean =>
  !value ||
  (value.kind === 'weight' && value.values().every((one) => one === 0)) ||
  (value.kind === 'numbers' &&
    value.probes.every(({ values }) => Array.from(values).every((one) => one === 0)));

/** Rows `from` to `from + count` of a direction's block, with gates in this order: of a parameter, if that has just them. */
function block(
  weight: Weight,
  rows: number,
  direction: number,
  half: number,
  gates: readonly number[],
  H: number,
  key: string,
): Weight {
  const width = weight.shape.length === 3 ? weight.shape[2]! : 1;
  const count = gates.length * H;
  const shape = weight.shape.length === 3 ? [count, width] : [count];
  const pick = (values: ArrayLike<number>): number[] =>
    gates.flatMap((gate) => {
      const start = (direction * rows + half * count + gate * H) * width;
      return Array.prototype.slice.call(values, start, start + H * width) as number[];
    });
  if (weight.arranged) {
    const starts = new Map<Weight, number>();
    const found = parameterOf(pick(indicesOf(weight, starts).values), starts);
    if (found) return withShape(found, shape);
  }
  return weightOf(`${weight.name}.${key}`, shape, () => pick(weight.values()));
}

/** The node as a cell; undefined if the layers here do not have its kind. */
function cellOf(call: Call, kind: Kind): Cell | undefined {
  const { attributes, inputs } = call;
  const [, W, R, B] = inputs;
  const { gates, activations } = CELLS[OPS[kind]];
  const direction = attributes['direction'] ?? 'forward';
  if (
    W?.kind !== 'weight' ||
    R?.kind !== 'weight' ||
    (B && B.kind !== 'weight') ||
    direction === 'reverse'
  )
    return undefined;
  const [directions, rows, F] = W.shape as [number, number, number];
  const H = R.shape[2] ?? 0;
  if (
    W.shape.length !== 3 ||
    rows !== gates.length * H ||
    directions !== (direction === 'forward' ? 1 : 2)
  )
    return undefined;
  if (
    R.shape.join() !== [directions, rows, H].join() ||
    (B && B.shape.join() !== [directions, 2 * rows].join())
  )
    return undefined;
  const named = ((attributes['activations'] as string[] | undefined) ?? []).map((name) =>
    name.toLowerCase(),
  );
  const relu = kind === 'rnn' && named[0] === 'relu';
  const usual = relu ? ['relu'] : activations;
  const isUsual = named.every((name, i) => name === usual[i % usual.length]);
  const isPlain =
    attributes['clip'] === undefined &&
    !numberAt(call, 'input_forget', 0) &&
    !numberAt(call, 'layout', 0);
  if (!isUsual || !isPlain || (kind === 'gru' && numberAt(call, 'linear_before_reset', 0) === 0))
    return undefined;
  if (inputs[7] || ![inputs[5], inputs[6]].every(isZero)) return undefined;
  const weights: Record<string, Weight> = {};
  for (let d = 0; d < directions; d++) {
    const end = d === 1 ? '_reverse' : '';
    const of = (name: string, weight: Weight, all: number, half: number) => {
      weights[`${name}${end}`] = block(weight, all, d, half, gates, H, `${name}${end}`);
    };
    of('weight_ih', W, rows, 0);
    of('weight_hh', R, rows, 0);
    if (B) of('bias_ih', B, 2 * rows, 0);
    if (B) of('bias_hh', B, 2 * rows, 1);
  }
  return { kind, H, F, directions, relu, weights };
}

/** `weight_ih` as `weight_ih_l1`, `weight_ih_reverse` as `weight_ih_l1_reverse`. */
const ofLayer = (weights: Cell['weights'], layer: number): Record<string, Weight> =>
  Object.fromEntries(
    Object.entries(weights).map(([key, weight]) => [
      key.replace(/^([a-z]+_[a-z]+)/, `$1_l${layer}`),
      weight,
    ]),
  );

function layerOf(
  { kind, F, H, directions, relu, weights }: Cell,
  inputSize = F,
  numLayers = 1,
): Layer {
  const options = {
    ...(numLayers > 1 ? { numLayers } : {}),
    ...(weights['bias_ih'] ? {} : { bias: false }),
    ...(directions === 2 ? { bidirectional: true } : {}),
  };
  if (kind === 'rnn')
    return layers.rnn(inputSize, H, {
      ...options,
      ...(relu ? { nonlinearity: 'relu' as const } : {}),
    });
  return (kind === 'lstm' ? layers.lstm : layers.gru)(inputSize, H, options);
}

/** The states of all steps, N×T×D·H: by a layer of its own, or as one more layer of the module whose states it takes. */
function states(call: Call, x: Wires, cell: Cell): Wires | undefined {
  const { reader } = call;
  const { draft } = x;
  const layer = Number(/_l(\d+)$/.exec(cell.weights['weight_ih']!.name)?.[1] ?? 0);
  const prefix = layerNamed(ofLayer(cell.weights, layer));
  const { settings } = draft.layer ?? {};
  const below =
    draft.layer?.kind === cell.kind &&
    draft.wanted === prefix &&
    settings?.['hiddenSize'] === cell.H;
  const others = x.node?.outputs.slice(1) ?? [];
  const isStack =
    below &&
    layer > 0 &&
    settings['numLayers'] === layer &&
    !draft.shares &&
    settings['bidirectional'] === (cell.directions === 2) &&
    settings['bias'] === 'bias_ih' in cell.weights &&
    (settings['nonlinearity'] ?? 'tanh') === (cell.relu ? 'relu' : 'tanh') &&
    others.every((name) => !reader.uses.get(name)) &&
    (reader.uses.get(x.node?.outputs[0] ?? '') ?? 0) <= 1;
  if (isStack) {
    release(reader, x);
    const weights = { ...draft.weights, ...ofLayer(cell.weights, layer) };
    const whole = layerOf(cell, settings['inputSize'] as number, layer + 1);
    return one(call, whole, draft.inputs, { weights, wanted: prefix, place: SAMPLES })[0]!;
  }
  // A layer of its own has other names than those of a module's second layer.
  if (layer > 0 && prefix !== undefined) return undefined;
  const weights = ofLayer(cell.weights, 0);
  return one(call, layerOf(cell), [x], {
    weights,
    wanted: layerNamed(weights),
    place: SAMPLES,
  })[0]!;
}

/** The states after the last step, D×N×H. */
function lastStates(call: Call, sequence: Wires, { H, directions }: Cell): Wires {
  const T = sequence.probes[0]!.shape[1]!;
  const step = (x: Wires, layer: Layer) => one(call, layer, [x], { place: SAMPLES })[0]!;
  const at = (t: number) => (T === 1 ? sequence : step(sequence, layers.slice(1, t, t + 1)));
  if (directions === 1) return turned(call, at(T - 1), [1, 0, 2]);
  const ends = [step(at(T - 1), layers.slice(2, 0, H)), step(at(0), layers.slice(2, H))];
  const both = one(call, layers.concat(), ends, { place: SAMPLES })[0]!;
  return turned(call, both, [1, 0, 2]);
}

const recurrent =
  (kind: Kind): Pattern =>
  (call) => {
    const { reader, node, inputs } = call;
    const x = wiresAt(call, 0);
    if (kind === 'gru' && numberAt(call, 'linear_before_reset', 0) === 0)
      note(reader, 'gru', node.name || node.outputs[0]!);
    if (!x || rankOf(x) !== 3 || x.place?.axis !== 1 || x.place.inner !== 1 || x.place.outer !== 1)
      return undefined;
    const T = x.probes[0]!.shape[0]!;
    const lengths = inputs[4];
    if (
      lengths &&
      !(
        lengths.kind === 'numbers' &&
        lengths.probes.every(({ values }) => Array.from(values).every((one) => one === T))
      )
    )
      return undefined;
    const cell = cellOf(call, kind);
    if (!cell || (node.outputs[2] && reader.uses.get(node.outputs[2]))) return undefined;
    const sequence = states(call, turned(call, x, [1, 0, 2]), cell);
    if (!sequence) return undefined;
    const { H, directions } = cell;
    const split = sequence.probes.map(({ shape: [N, steps] }) => [N!, steps!, directions, H]);
    const all =
      directions === 1
        ? viewed(
            call,
            turned(call, sequence, [1, 0, 2]),
            split.map(([N, steps]) => [steps!, 1, N!, H]),
            { axis: 2, outer: 1, inner: 1 },
          )
        : turned(call, viewed(call, sequence, split, SAMPLES), [1, 2, 0, 3]);
    const needed = (i: number) => node.outputs[i] && reader.uses.get(node.outputs[i]);
    return [all, ...(needed(1) ? [lastStates(call, sequence, cell)] : [])];
  };

export const recurrentPatterns: Patterns = {
  GRU: recurrent('gru'),
  LSTM: recurrent('lstm'),
  RNN: recurrent('rnn'),
};
