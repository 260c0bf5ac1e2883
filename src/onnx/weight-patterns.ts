/** Patterns of layers of weights: dense layers, embeddings, batch and layer normalisation. */
import * as layers from '../layers/index.js';
import { numberAt } from './attributes.js';
import { pickOne } from './extent-patterns.js';
import { viewed } from './moving-patterns.js';
import { one, rankOf, weightAt, wiresAt, type Call, type Patterns } from './pattern.js';
import { note } from './reader.js';
import { asWritten, type Value, type Weight, type Wires } from './value.js';
import { layerNamed, losesBits, losesName, transposed, unshaped, withShape } from './weights.js';

/** x·wᵀ + b, if w is a matrix as it stands in the file. */
function dense(
  call: Call,
  x: Wires,
  weight: Weight | undefined,
  bias: Weight | undefined,
): readonly Value[] | undefined {
  const [outFeatures, inFeatures] = weight?.shape ?? [];
  const last = rankOf(x) - 1;
  if (!weight || weight.arranged || x.place?.axis === last || x.probes[0]!.dtype !== 'f32')
    return undefined;
  if (x.probes[0]!.shape[last] !== inFeatures || losesName(weight, 'weight')) return undefined;
  const weights: Record<string, Weight> = bias ? { weight, bias } : { weight };
  const layer = layers.linear(inFeatures!, outFeatures!, { bias: bias !== undefined });
  return one(call, layer, [x], { weights, wanted: layerNamed(weights) });
}

function gemm(call: Call): readonly Value[] | undefined {
  const x = wiresAt(call, 0);
  const weight = weightAt(call, 1);
  const given = weightAt(call, 2);
  const { attributes } = call;
  if (
    !x ||
    rankOf(x) !== 2 ||
    !x.place ||
    weight?.shape.length !== 2 ||
    numberAt(call, 'transA', 0) ||
    numberAt(call, 'alpha', 1) !== 1
  )
    return undefined;
  const isAsStored = numberAt(call, 'transB', 0) !== 0;
  if (!isAsStored && losesBits(weight)) return undefined;
  const matrix = isAsStored ? unshaped(weight) : transposed(weight);
  const width = matrix?.shape[0];
  if (
    call.inputs[2] &&
    (!given ||
      numberAt(call, 'beta', 1) !== 1 ||
      given.values().length !== width ||
      attributes['broadcast'] === 0)
  )
    return undefined;
  const bias = given && unshaped(given);
  if (given && (!bias || given.shape.at(-1) !== width || losesName(bias, 'bias'))) return undefined;
  return dense(call, x, matrix, bias && withShape(bias, [width!]));
}

function matmul(call: Call): readonly Value[] | undefined {
  const x = wiresAt(call, 0);
  const weight = weightAt(call, 1);
  if (!x || rankOf(x) < 2 || !x.place || weight?.shape.length !== 2 || losesBits(weight))
    return undefined;
  return dense(call, x, transposed(weight), undefined);
}

function batchNorm(call: Call): readonly Value[] | undefined {
  const { reader, node, attributes } = call;
  const x = wiresAt(call, 0);
  const found = [1, 2, 3, 4].map((i) => weightAt(call, i));
  const rank = x ? rankOf(x) : 0;
  if (
    !x ||
    x.place?.axis !== 0 ||
    rank < 2 ||
    rank > 5 ||
    found.some((one) => !one || one.arranged)
  )
    return undefined;
  if (attributes['spatial'] === 0) return undefined;
  if (numberAt(call, 'training_mode', 0) === 1)
    note(reader, 'moved', node.name || node.outputs[0]!);
  const [weight, bias, running_mean, running_var] = found as Weight[];
  const weights = {
    weight: weight!,
    bias: bias!,
    running_mean: running_mean!,
    running_var: running_var!,
  };
  const momentum = 1 - asWritten(numberAt(call, 'momentum', 0.9));
  const settings = {
    eps: asWritten(numberAt(call, 'epsilon', 1e-5)),
    momentum: Math.min(1, Math.max(0, Number(momentum.toPrecision(7)))),
  };
  const features = weight!.shape[0] ?? 1;
  const layer =
    rank === 3 ? layers.batchNorm1d(features, settings) : layers.batchNorm2d(features, settings);
  const named = { weights, wanted: layerNamed(weights) };
  if (rank < 5) return one(call, layer, [x], named);
  // Volumes as images of as many rows as all their slices have.
  const shapes = x.probes.map(({ shape }) => shape);
  const flat = shapes.map(([N, C, D, H, W]) => [N!, C!, D! * H!, W!]);
  const [made] = one(call, layer, [viewed(call, x, flat, x.place)], { ...named, place: x.place });
  return [viewed(call, made!, shapes, x.place)];
}

function layerNorm(call: Call): readonly Value[] | undefined {
  const x = wiresAt(call, 0);
  const [weight, bias] = [weightAt(call, 1), weightAt(call, 2)];
  if (!x || x.probes[0]!.dtype !== 'f32' || !weight || weight.arranged || !bias || bias.arranged)
    return undefined;
  const rank = rankOf(x);
  const given = numberAt(call, 'axis', -1);
  const axis = given < 0 ? given + rank : given;
  const shape = x.probes[0]!.shape.slice(axis);
  if (
    (x.place && x.place.axis >= axis) ||
    [weight, bias].some((one) => one.shape.join() !== shape.join())
  )
    return undefined;
  const weights = { weight, bias };
  const layer = layers.layerNorm(shape.length === 1 ? shape[0]! : shape, {
    eps: asWritten(numberAt(call, 'epsilon', 1e-5)),
  });
  return one(call, layer, [x], { weights, wanted: layerNamed(weights) });
}

/** Rows of a table for tokens. */
function embedding(call: Call): readonly Value[] | undefined {
  const weight = weightAt(call, 0);
  const tokens = wiresAt(call, 1);
  if (
    !weight ||
    weight.arranged ||
    weight.shape.length !== 2 ||
    !tokens?.place ||
    tokens.probes[0]!.dtype !== 'i32'
  )
    return undefined;
  if (numberAt(call, 'axis', 0) !== 0 || rankOf(tokens) > 2) return undefined;
  if (losesName(weight, 'weight')) return undefined;
  const layer = layers.embedding(weight.shape[0]!, weight.shape[1]!);
  return one(call, layer, [tokens], {
    weights: { weight },
    wanted: layerNamed({ weight }),
    type: 'float',
  });
}

export const weightPatterns: Patterns = {
  BatchNormalization: batchNorm,
  Gather: (call) => embedding(call) ?? pickOne(call),
  Gemm: gemm,
  LayerNormalization: layerNorm,
  MatMul: matmul,
};
