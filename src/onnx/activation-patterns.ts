/** Patterns of activations, and of the sums and products that others are composed of. */
import type { Layer } from '../layers/layer.js';
import * as layers from '../layers/index.js';
import { numberAt } from './attributes.js';
import {
  one,
  rankOf,
  samplesAt,
  wiresAt,
  type Call,
  type Pattern,
  type Patterns,
} from './pattern.js';
import { asWritten, madeBy, scalarOf, type Value, type Wires } from './value.js';
import { unshaped } from './weights.js';

/** A layer element by element, wherever the samples are. */
const elementwise =
  (layerOf: (call: Call) => Layer | undefined): Pattern =>
  (call) => {
    const x = wiresAt(call, 0);
    const layer = x && x.probes[0]!.dtype === 'f32' ? layerOf(call) : undefined;
    return layer && one(call, layer, [x!]);
  };

/** A layer over the last axis, which has no samples; until opset 13 over all axes from one on. */
const overLast =
  (layer: () => Layer): Pattern =>
  (call) => {
    const x = wiresAt(call, 0);
    if (!x || x.probes[0]!.dtype !== 'f32') return undefined;
    const last = rankOf(x) - 1;
    const axis = numberAt(call, 'axis', call.version < 13 ? 1 : -1);
    return (axis === -1 || axis === last) && last > 0 && x.place?.axis !== last
      ? one(call, layer(), [x])
      : undefined;
  };

const near = (value: number, target: number): boolean =>
  Math.abs(value - target) <= 1e-5 * Math.abs(target);

function clip(call: Call): Layer | undefined {
  const { attributes, inputs, version } = call;
  const bound = (name: string, i: number) =>
    version < 11 ? (attributes[name] as number | undefined) : scalarOf(inputs[i]);
  const [minVal, maxVal] = [bound('min', 1), bound('max', 2)];
  return minVal !== undefined &&
    maxVal !== undefined &&
    minVal < maxVal &&
    Math.max(-minVal, maxVal) < 3e38
    ? layers.hardTanh({ minVal: asWritten(minVal), maxVal: asWritten(maxVal) })
    : undefined;
}

/** One slope, or one for each channel of axis 1. */
function prelu(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  const slope = call.inputs[1];
  const weight = slope?.kind === 'weight' ? unshaped(slope) : undefined;
  if (!x || !weight) return undefined;
  const count = weight.values().length;
  const channel = weight.shape.length - rankOf(x) + 1;
  const perChannel =
    count > 1 &&
    (channel >= 0
      ? weight.shape[channel] === count
      : call.version < 7 && weight.shape.length === 1);
  if (count !== 1 && !perChannel) return undefined;
  const layer = layers.prelu({ numParameters: count });
  const wanted = weight.name.endsWith('.weight') ? weight.name.slice(0, -7) : undefined;
  return one(call, layer, [x], { weights: { weight }, wanted });
}

/** The factors of a product, with those of factors that are products. */
function factorsOf(value: Value | undefined): (Value | undefined)[] {
  if (value?.kind !== 'wires' || value.node?.op !== 'Mul') return [value];
  return value.from.flatMap(factorsOf);
}

/** x·(1 + erf(x/√2))/2 in any order of factors: gelu's x. */
function geluInput(inputs: readonly (Value | undefined)[]): Wires | undefined {
  const factors = inputs.flatMap(factorsOf);
  if (factors.length !== 3) return undefined;
  const isHalf = (value: Value | undefined) => scalarOf(value) === 0.5;
  const erfIn = (value: Wires | undefined) =>
    value?.from.map((one) => madeBy(one, 'Erf')).find((one) => one);
  const sum = factors.map((value) => madeBy(value, 'Add')).find(erfIn);
  const rest = factors.filter((value) => value !== sum && !isHalf(value));
  const erf = erfIn(sum);
  const scaled = erf?.from[0];
  const [x] = rest;
  if (
    rest.length !== 1 ||
    x?.kind !== 'wires' ||
    !sum?.from.some((value) => scalarOf(value) === 1) ||
    scaled?.kind !== 'wires'
  )
    return undefined;
  const [a, b] = scaled.from;
  const factor = scalarOf(b) ?? NaN;
  const isScaled =
    scaled.node?.op === 'Div'
      ? near(factor, Math.SQRT2)
      : scaled.node?.op === 'Mul' && near(factor, Math.SQRT1_2);
  return a === x && isScaled ? x : undefined;
}

/** Products that are activations: silu, hardSwish and gelu. */
export function productActivation(call: Call): readonly Value[] | undefined {
  const [a, b] = call.inputs;
  for (const [x, gate] of [
    [a, b],
    [b, a],
  ] as const) {
    if (x?.kind !== 'wires' || gate?.kind !== 'wires' || gate.from[0] !== x) continue;
    if (gate.node?.op === 'Sigmoid') return one(call, layers.silu(), [x]);
    if (gate.draft.layer?.kind === 'hardSigmoid') return one(call, layers.hardSwish(), [x]);
  }
  const x = geluInput(call.inputs);
  return x && one(call, layers.gelu(), [x]);
}

/** In training, shares of the elements are zero; in evaluation, nothing happens. */
function dropout(call: Call): readonly Value[] | undefined {
  const [x, given] = call.inputs;
  if (x?.kind !== 'wires') return x && [x];
  const rate = asWritten(
    call.version < 12 ? numberAt(call, 'ratio', 0.5) : given ? (scalarOf(given) ?? NaN) : 0.5,
  );
  if (rate === 0) return [x];
  return one(call, layers.dropout(rate), [x]);
}

export const activationPatterns: Patterns = {
  Clip: elementwise(clip),
  Dropout: dropout,
  Elu: elementwise((call) => layers.elu({ alpha: asWritten(numberAt(call, 'alpha', 1)) })),
  Gelu: elementwise(({ attributes }) =>
    layers.gelu({ approximate: attributes['approximate'] === 'tanh' ? 'tanh' : 'none' }),
  ),
  HardSigmoid: elementwise((call) =>
    near(numberAt(call, 'alpha', 0.2), 1 / 6) && numberAt(call, 'beta', 0.5) === 0.5
      ? layers.hardSigmoid()
      : undefined,
  ),
  HardSwish: elementwise(() => layers.hardSwish()),
  LeakyRelu: elementwise((call) =>
    layers.leakyRelu({ negativeSlope: asWritten(numberAt(call, 'alpha', 0.01)) }),
  ),
  LogSoftmax: overLast(() => layers.logSoftmax()),
  PRelu: prelu,
  Relu: elementwise(() => layers.relu()),
  Selu: elementwise((call) =>
    near(numberAt(call, 'alpha', 1.67326), 1.67326) && near(numberAt(call, 'gamma', 1.0507), 1.0507)
      ? layers.selu()
      : undefined,
  ),
  Sigmoid: elementwise(() => layers.sigmoid()),
  Softmax: overLast(() => layers.softmax()),
  Softplus: elementwise(() => layers.softplus()),
  Tanh: elementwise(() => layers.tanh()),
};
