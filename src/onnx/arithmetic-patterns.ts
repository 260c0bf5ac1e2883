/** Patterns of sums, products and normalisations that files compose of single nodes. */
import * as layers from '../layers/index.js';
import { productActivation } from './activation-patterns.js';
import {
  one,
  rankOf,
  samplesAt,
  wiresAt,
  type Call,
  type Pattern,
  type Patterns,
} from './pattern.js';
import { release, type Reader } from './reader.js';
import { asWritten, madeBy, scalarOf, type Value, type Weight, type Wires } from './value.js';
import { attributesOf, numberAt } from './attributes.js';
import { isPlain } from './sample-place.js';
import { layerNamed, losesName, unshaped, withShape } from './weights.js';

/** A layer of samples of the same number of axes, element by element. */
const ofSamples =
  (layer: typeof layers.add): Pattern =>
  (call) => {
    const xs = call.inputs.map((_, i) => samplesAt(call, i));
    const [first] = xs;
    if (xs.length < 2 || !first || xs.some((x) => !x || rankOf(x) !== rankOf(first)))
      return undefined;
    return one(call, layer(), xs as Wires[]);
  };

/** Whether nothing but the node at hand takes a value. */
const isOnlyHere = ({ uses }: Reader, value: Wires): boolean =>
  value.node?.outputs.every((name) => (uses.get(name) ?? 0) <= 1) ?? false;

/** The bias of a dense layer that had none. */
function denseBias(call: Call, x: Wires, bias: Weight): readonly Value[] | undefined {
  const { layer, inputs, weights } = x.draft;
  const settings = layer?.settings ?? {};
  const { reader } = call;
  if (
    layer?.kind !== 'linear' ||
    settings['bias'] !== false ||
    x.place === undefined ||
    x.draft.shares
  )
    return undefined;
  if (
    bias.shape.join() !== String(settings['outFeatures']) ||
    losesName(bias, 'bias') ||
    !isOnlyHere(reader, x)
  )
    return undefined;
  release(reader, x);
  const both = { weight: weights['weight']!, bias };
  const dense = layers.linear(settings['inFeatures'] as number, settings['outFeatures'] as number);
  const wanted = layerNamed(both) ?? x.draft.wanted;
  return one(call, dense, inputs, { weights: both, wanted, place: x.place });
}

/** (x − mean) / √(mean of squares + ε) over the last axis, as files before opset 17 have it: x and ε. */
function standardized(value: Wires | undefined): { x: Wires; eps: number } | undefined {
  const [deviation, root] = madeBy(value, 'Div')?.from ?? [];
  const [sum] = madeBy(root, 'Sqrt')?.from ?? [];
  const [variance, added] = madeBy(sum, 'Add')?.from ?? [];
  const eps = scalarOf(added);
  const [squares] = madeBy(variance, 'ReduceMean')?.from ?? [];
  const square = madeBy(squares, 'Pow', 'Mul');
  const [x, mean] = madeBy(deviation, 'Sub')?.from ?? [];
  const isSquare =
    square?.from[0] === deviation &&
    (square?.node?.op === 'Mul' ? square.from[1] === deviation : scalarOf(square?.from[1]) === 2);
  if (
    eps === undefined ||
    x?.kind !== 'wires' ||
    madeBy(mean, 'ReduceMean')?.from[0] !== x ||
    !isSquare
  )
    return undefined;
  const [last, before] = [mean, variance].map((one) => (one as Wires).probes[0]!.shape);
  const shape = x.probes[0]!.shape;
  const expected = shape.with(shape.length - 1, 1).join();
  return last!.join() === expected &&
    before!.join() === expected &&
    x.place?.axis !== shape.length - 1
    ? { x, eps }
    : undefined;
}

/** The bias of a layer norm that is composed of nodes. */
function composedNorm(call: Call, product: Wires, bias: Weight): readonly Value[] | undefined {
  if (product.node?.op !== 'Mul') return undefined;
  const { reader } = call;
  const weight = product.from.find((value) => value?.kind === 'weight') as Weight | undefined;
  const found = standardized(
    product.from.find((value) => value?.kind === 'wires') as Wires | undefined,
  );
  const features = found?.x.probes[0]!.shape.at(-1);
  if (
    !found ||
    !weight ||
    [weight, bias].some(({ arranged, shape }) => arranged || shape.join() !== String(features))
  )
    return undefined;
  if (losesName(weight, 'weight') || losesName(bias, 'bias') || reader.uses.get(weight.name) !== 1)
    return undefined;
  freeLeaf(reader, weight.name);
  const weights = { weight, bias };
  const layer = layers.layerNorm(features!, { eps: asWritten(found.eps) });
  return one(call, layer, [found.x], { weights, wanted: layerNamed(weights) });
}

const isFilled = (value: Value | undefined, fill: number): boolean =>
  value?.kind === 'weight'
    ? value.values().every((one) => one === fill)
    : value?.kind === 'numbers' && Array.from(value.probes[0]!.values).every((one) => one === fill);

/** The bias of a group norm, which PyTorch writes as an instance norm over groups, in another shape. */
function groupNorm(call: Call, product: Wires, bias: Weight): readonly Value[] | undefined {
  if (product.node?.op !== 'Mul') return undefined;
  const given = product.from.find((value) => value?.kind === 'weight') as Weight | undefined;
  const y = product.from.find((value) => value?.kind === 'wires') as Wires | undefined;
  const norm = madeBy(madeBy(y, 'Reshape')?.from[0], 'InstanceNormalization');
  const [grouped, ones, zeros] = norm?.from ?? [];
  const [x] = madeBy(grouped, 'Reshape')?.from ?? [];
  const weight = given && unshaped(given);
  if (
    x?.kind !== 'wires' ||
    !y ||
    !weight ||
    !norm?.node ||
    !isFilled(ones, 1) ||
    !isFilled(zeros, 0)
  )
    return undefined;
  const shape = x.probes[0]!.shape;
  const groups = (grouped as Wires).probes[0]!.shape[1]!;
  const channels = shape[1]!;
  const perChannel = [given!.shape, bias.shape].every(
    (one) => one.join() === [channels, ...shape.slice(2).map(() => 1)].join(),
  );
  if (!isPlain(x.place) || y.probes[0]!.shape.join() !== shape.join() || !perChannel)
    return undefined;
  if (losesName(weight, 'weight') || losesName(bias, 'bias')) return undefined;
  freeLeaf(call.reader, weight.name);
  const weights = { weight: withShape(weight, [channels]), bias: withShape(bias, [channels]) };
  const eps = asWritten(numberAt({ attributes: attributesOf(norm.node) }, 'epsilon', 1e-5));
  const layer = layers.groupNorm(groups, channels, { eps });
  return one(call, layer, [x], { weights, wanted: layerNamed(weights) });
}

/** Gives a leaf's weight free, for a layer that has it in the leaf's place. */
function freeLeaf(reader: Reader, name: string): void {
  const leaf = reader.leafOf.get(name);
  if (leaf) release(reader, leaf);
}

function sum(call: Call): readonly Value[] | undefined {
  for (const [x, other] of [call.inputs, call.inputs.toReversed()] as const) {
    const bias = other?.kind === 'weight' ? unshaped(other) : undefined;
    if (x?.kind !== 'wires' || !bias || other === undefined) continue;
    const found =
      denseBias(call, x, bias) ?? composedNorm(call, x, bias) ?? groupNorm(call, x, bias);
    if (found) return found;
  }
  return ofSamples(layers.add)(call);
}

function product(call: Call): readonly Value[] | undefined {
  const found = productActivation(call);
  if (found) return found;
  for (const i of [0, 1]) {
    const other = call.inputs[1 - i];
    const factor = scalarOf(other);
    const x = wiresAt(call, i);
    const rank = other?.kind === 'numbers' ? other.probes[0]!.shape.length : 0;
    if (
      x &&
      x.probes[0]!.dtype === 'f32' &&
      x.type === 'float' &&
      factor !== undefined &&
      Math.abs(factor) < 3e38 &&
      rank <= rankOf(x)
    )
      return one(call, layers.scale(factor), [x]);
  }
  return ofSamples(layers.multiply)(call);
}

/** x², as layer norms of earlier opsets have it. */
function square(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  return x && scalarOf(call.inputs[1]) === 2 ? one(call, layers.multiply(), [x, x]) : undefined;
}

/** A reduction of samples over other axes; the mean over planes is the exacter global pooling. */
const reduction =
  (layer: typeof layers.mean): Pattern =>
  (call) => {
    const x = samplesAt(call, 0);
    const { attributes, inputs } = call;
    const operand = inputs[1];
    const given =
      operand?.kind === 'numbers'
        ? Array.from(operand.probes[0]!.values)
        : (attributes['axes'] as number[] | undefined);
    const axes =
      x && given?.map((axis) => (axis < 0 ? axis + rankOf(x) : axis)).toSorted((a, b) => a - b);
    if (!x || !axes || axes.length === 0 || axes.some((axis) => !(axis > 0 && axis < rankOf(x))))
      return undefined;
    const keepDims = attributes['keepdims'] !== 0;
    if (layer === layers.mean && rankOf(x) === 4 && axes.join() === '2,3' && !keepDims)
      return one(call, layers.globalAvgPool2d(), [x]);
    return one(call, layer(axes.length === 1 ? axes[0]! : axes, keepDims ? { keepDims } : {}), [x]);
  };

export const arithmeticPatterns: Patterns = {
  Add: sum,
  Div: ofSamples(layers.divide),
  Pow: square,
  Max: ofSamples(layers.maximum),
  Mul: product,
  ReduceMax: reduction(layers.max),
  ReduceMean: reduction(layers.mean),
  ReduceSum: reduction(layers.sum),
  Sub: ofSamples(layers.subtract),
  Sum: ofSamples(layers.add),
};
