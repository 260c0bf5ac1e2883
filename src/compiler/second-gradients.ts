/**
 * Gradients of the ops that compute gradients. Most of these are kernels of their own without a backward rule; here each
 * is written as a formula of other ops, or derived from the formula of the op whose gradient it is, and differentiated
 * in that form. Training needs none of this, and no bundle has it that does not ask for second derivatives.
 */
import { LanewiseError } from '../base/errors.js';
import { apply, type Node, type Op, type Rule } from '../graph/op.js';
import { sizeOf, type Application, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { add, divide, multiply, scale, stopGradient, subtract, sum } from '../ops/index.js';
import { copy } from './copy.js';
import { partials, type RuleOf } from './differentiate.js';
import { firstMaxima } from './first-maxima.js';
import { recurrentRules } from './unrolled.js';

type Inputs = Readonly<Record<string, Tensor>>;
// Attributes differ from op to op; the op's own file says which there are.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Attributes = any;
type Applied = Node<Readonly<Record<string, Tensor | undefined>>, object>;
type Backward = NonNullable<Op['backward']>;
/** What an op computes, of its inputs; `original` are the inputs as they stand in the graph. */
type Formula = (inputs: Inputs, attributes: Attributes, original: Inputs) => Tensor;

const number = (value: number): Tensor => ops.constant(value, []);
const dot = (a: Tensor, b: Tensor): Tensor => sum(multiply(a, b));

/** The rule of an op that computes `formula`. */
/* @__NO_SIDE_EFFECTS__ */
const by =
  (formula: Formula): Backward =>
  ({ inputs, attributes }, g) => {
    const given = inputs as Inputs;
    const own = Object.fromEntries(Object.entries(given).map(([k, t]) => [k, copy(t)]));
    const names = Object.keys(given).filter((name) => given[name]!.dtype === 'f32');
    const wrt = names.map((name) => own[name]!);
    const found = partials(dot(formula(own, attributes, given), g), wrt, ruleOf);
    return Object.fromEntries(names.map((name, i) => [name, found[i]]));
  };

/** The gradient by x of what `forward` computes, given that by its result. */
/* @__NO_SIDE_EFFECTS__ */
const gradientBy =
  (x: string, dy: string, forward: Formula): Formula =>
  (inputs, attributes, original) => {
    const y = forward(inputs, attributes, original);
    return partials(dot(y, inputs[dy]!), [inputs[x]!], ruleOf)[0]!;
  };

/** An op that is linear in dy and, between the kinks of its function, does not depend on its other inputs. */
/* @__NO_SIDE_EFFECTS__ */
const linearIn =
  (dy: string): Backward =>
  (node, g) => {
    const products = multiply(g, slopesOf(node, dy));
    return { [dy]: ops.sumTo(products, node.inputs[dy]!.shape) };
  };

/** What the op gives for ones in place of dy. */
function slopesOf({ inputs, attributes, output }: Applied, dy: string): Tensor {
  const { op } = output.source as Application;
  const ones = ops.constant(1, inputs[dy]!.shape);
  return apply(op, { ...inputs, [dy]: ones }, attributes);
}

/** Each sample's gradient, n×C, times that of its loss. */
const perSample = (slopes: Tensor, dloss: Tensor): Tensor =>
  multiply(slopes, ops.reshape(dloss, [dloss.shape[0]!, 1]));

/** x·r·w + b with mean and variance of x over `axes`, which are 0 and 1 afterwards. */
function standardized(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const away = subtract(x, ops.mean(x, axes, true));
  const variance = ops.mean(multiply(away, away), axes, true);
  return divide(away, ops.sqrt(add(variance, number(epsilon))));
}

/** One value a channel, so that it repeats over x: N×C×…. */
const perChannel = (values: Tensor, x: Tensor): Tensor =>
  ops.reshape(values, [values.shape[0]!, ...x.shape.slice(2).map(() => 1)]);

const channelAxes = (x: Tensor): number[] => [...x.shape.keys()].filter((axis) => axis !== 1);
const rows = (parts: readonly Tensor[]): Tensor =>
  ops.concat(
    parts.map((part) => ops.reshape(part, [1, sizeOf(part.shape)])),
    0,
  );

/** Batch normalisation without weight and bias, by the moments of x itself or by given ones. */
function batchNormal(x: Tensor, epsilon: number, moments: Tensor): Tensor {
  const { source } = moments;
  if (source.kind === 'op' && source.op.name === 'channelMoments')
    return standardized(x, channelAxes(x), epsilon);
  const [mean, variance] = [0, 1].map((i) => perChannel(ops.row(stopGradient(moments), i), x));
  return divide(subtract(x, mean!), ops.sqrt(add(variance!, number(epsilon))));
}

/** Group normalisation without weight and bias. */
function groupNormal(x: Tensor, { groups, epsilon }: Attributes): Tensor {
  const [N] = x.shape;
  const runs = ops.reshape(x, [N! * groups, sizeOf(x.shape) / (N! * groups)]);
  return ops.reshape(standardized(runs, [1], epsilon), x.shape);
}

const weighted = (y: Tensor, weight: Tensor | undefined): Tensor =>
  weight ? multiply(y, weight) : y;

/** The slopes of the functions of assembly/unary.ts that curve, by their codes. */
const slopes: Readonly<Record<number, (x: Tensor, p: number, q: number) => Tensor>> = {
  1: (x, p, q) => {
    const below = scale(ops.exp(ops.minimum(x, number(0))), p);
    return ops.where(ops.greater(x, number(0)), ops.constant(q, x.shape), below);
  },
  2: (x) => {
    const area = scale(add(ops.erf(scale(x, Math.SQRT1_2)), number(1)), 0.5);
    const density = scale(ops.exp(scale(multiply(x, x), -0.5)), 0.3989422804014327);
    return add(area, multiply(x, density));
  },
  3: (x) => {
    const [c, cube] = [0.7978845608028654, 0.044715];
    const square = multiply(x, x);
    const t = ops.tanh(scale(multiply(x, add(scale(square, cube), number(1))), c));
    const inner = scale(add(scale(square, 3 * cube), number(1)), c);
    const curve = multiply(multiply(x, subtract(number(1), multiply(t, t))), inner);
    return scale(add(add(t, number(1)), curve), 0.5);
  },
  4: (x) => {
    const s = ops.sigmoid(x);
    return multiply(s, add(multiply(x, subtract(number(1), s)), number(1)));
  },
  5: ops.sigmoid,
  7: (x) => {
    const isBetween = multiply(ops.greater(x, number(-3)), ops.less(x, number(3)));
    const inner = scale(add(scale(x, 2), number(3)), 1 / 6);
    return ops.where(isBetween, inner, ops.greaterOrEqual(x, number(3)));
  },
  14: (x) => scale(ops.exp(scale(multiply(x, x), -1)), 1.1283791670955126),
};

const ofActivation = ({ y, dy }: Inputs, kind: string): Tensor => {
  if (kind === 'relu') return multiply(dy!, ops.greater(y!, number(0)));
  if (kind === 'sigmoid') return multiply(dy!, multiply(y!, subtract(number(1), y!)));
  const top = kind === 'tanh' ? 1 : 1.7159;
  const slope = subtract(number(top * top), multiply(y!, y!));
  return multiply(dy!, kind === 'tanh' ? slope : scale(slope, 2 / 3 / top));
};

/** The derivatives of losses by values, where they are not constant between kinks. */
const ofValues: Readonly<Record<string, (y: Tensor, t: Tensor, parameter: number) => Tensor>> = {
  huber: (y, t, delta) => ops.clamp(subtract(y, t), -delta, delta),
  binaryCrossEntropy: (y, t) =>
    divide(subtract(y, t), ops.maximum(multiply(y, subtract(number(1), y)), number(1e-12))),
  binaryCrossEntropyWithLogits: (y, t, p) =>
    subtract(
      multiply(subtract(number(1), t), ops.sigmoid(y)),
      multiply(scale(t, p), ops.sigmoid(ops.negate(y))),
    ),
};

const normOf = (x: Tensor): Tensor => ops.sqrt(sum(multiply(x, x), 1));

/** Losses over classes as formulas; the gradients are derived. */
const margins: Formula = ({ x, labels }, { margin, power }) => {
  const [C] = x!.shape.slice(1) as [number];
  const others = subtract(number(1), ops.oneHot(labels!, C));
  const own = ops.reshape(ops.pick(x!, labels!), [x!.shape[0]!, 1]);
  const excess = ops.relu(add(subtract(x!, own), number(margin)));
  return scale(sum(multiply(ops.power(excess, power), others), 1), 1 / C);
};

const mapLosses: Formula = ({ x, labels }, { j }) => {
  const [n] = x!.shape as [number];
  const all = ops.concat([ops.negate(x!), ops.constant(-j, [n, 1])], 1);
  return add(ops.pick(x!, labels!), ops.logsumexp(all, 1));
};

const responses: Formula = ({ x }, { size, alpha, beta, k }) => {
  const [N, C, ...area] = x!.shape as [number, number, ...number[]];
  const [before, after] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
  const widths = [[0, 0], [before, after], ...area.map(() => [0, 0])] as [number, number][];
  const squares = ops.pad(multiply(x!, x!), widths);
  const near = Array.from({ length: size }, (_, i) =>
    ops.slice(squares, [
      [0, N],
      [i, i + C],
    ]),
  );
  const base = add(scale(near.reduce(add), alpha / size), number(k));
  return divide(x!, ops.exp(scale(ops.log(base), beta)));
};

/** Gradients by the attention's queries and keys, as one row: of p = softmax(scale·q·kᵀ) with dp = dy·vᵀ. */
const attention: Formula = (
  { p, dy, v, q, k, lengths },
  { causal, scale: factor },
  { p: scores },
) => {
  const { op } = scores!.source as Application;
  const attributes = { heads: p!.shape[1]!, causal, normalize: false };
  const products = (a: Tensor, b: Tensor) =>
    apply(op, { q: a, k: b, lengths }, attributes as object);
  const ds = ofSoftmax(p!, products(dy!, v!));
  const both = partials(dot(products(q!, k!), scale(ds, factor)), [q!, k!], ruleOf);
  return ops.concat(
    both.map((t) => ops.reshape(t!, [sizeOf(t!.shape)])),
    0,
  );
};

const ofSoftmax = (y: Tensor, dy: Tensor): Tensor =>
  multiply(y, subtract(dy, sum(multiply(dy, y), -1, true)));

/** Σ_f (x − centre)², n×C, one feature after another. */
const rbf: Formula = ({ x, centres }) => {
  const [n, F] = x!.shape as [number, number];
  const away = subtract(ops.reshape(x!, [n, 1, F]), centres!);
  return sum(multiply(away, away), -1);
};

const ofPool: Rule = ({ inputs: { x }, attributes }, g) => ({
  dy: firstMaxima(x!, g, attributes as Attributes),
});

const rules: Readonly<Record<string, Rule>> = {
  fakeQuantizeGradient: /* @__PURE__ */ linearIn('dy'),
  activationGradient: by((inputs, { kind }) => ofActivation(inputs, kind)),
  unaryGradient(node, g) {
    const {
      by: [, code],
      p,
      q,
    } = node.attributes as Attributes;
    const slope = slopes[code];
    if (!slope) return linearIn('dy')(node, g);
    return by(({ x, dy }) => multiply(dy!, slope(x!, p, q)))(node, g);
  },
  exceeds: () => ({}),
  sumRows: ({ inputs: { x } }, g) => ({ x: ops.expand(g, x!.shape) }),
  sumChannels: ({ inputs: { x } }, g) => ({ x: ops.expand(perChannel(g, x!), x!.shape) }),
  row({ inputs: { x }, attributes }, g) {
    const { index } = attributes as Attributes;
    const [n, m] = x!.shape as [number, number];
    return {
      x: ops.pad(ops.reshape(g, [1, m]), [
        [index, n - 1 - index],
        [0, 0],
      ]),
    };
  },
  maxGradient: linearIn('dy'),
  maxPool2dGradient: ofPool,
  adaptiveMaxPool2dGradient: ofPool,
  softmaxGradient: by(({ y, dy }) => ofSoftmax(y!, dy!)),
  logSoftmaxGradient: by(({ y, dy }) => subtract(dy!, multiply(ops.exp(y!), sum(dy!, -1, true)))),
  crossEntropyGradient: by(({ logits, labels, dloss }) =>
    perSample(subtract(ops.softmax(logits!), ops.oneHot(labels!, logits!.shape[1]!)), dloss!),
  ),
  sumOfSquaredErrorsGradient: by(({ y, target, dloss }) =>
    perSample(scale(subtract(y!, target!), 2), dloss!),
  ),
  distributionLossesGradient: by(({ logits, target, dloss }) =>
    perSample(subtract(multiply(ops.softmax(logits!), sum(target!, 1, true)), target!), dloss!),
  ),
  valueLossesGradient(node, g) {
    const { kind, parameter, weight } = node.attributes as Attributes;
    const slope = ofValues[kind];
    if (slope)
      return by(({ y, target, dloss }) =>
        perSample(scale(slope(y!, target!, parameter), weight), dloss!),
      )(node, g);
    return { dloss: sum(multiply(g, slopesOf(node, 'dloss')), 1) };
  },
  cosineDistancesGradient: by(
    gradientBy('y', 'dloss', ({ y, target }) => {
      const cosine = divide(sum(multiply(y!, target!), 1), multiply(normOf(y!), normOf(target!)));
      return subtract(number(1), cosine);
    }),
  ),
  marginsGradient: by(gradientBy('x', 'dloss', margins)),
  mapLossesGradient: by(gradientBy('x', 'dloss', mapLosses)),
  batchNormSums: by(({ x, dy }, { epsilon }, { moments }) => {
    const products = multiply(dy!, batchNormal(x!, epsilon, moments!));
    return rows([sum(dy!, channelAxes(x!)), sum(products, channelAxes(x!))]);
  }),
  batchNormGradient: by(
    gradientBy('x', 'dy', ({ x, weight }, { epsilon }, { moments }) =>
      multiply(batchNormal(x!, epsilon, moments!), perChannel(weight!, x!)),
    ),
  ),
  layerNormGradient: by(
    gradientBy('x', 'dy', ({ x, weight }, { epsilon }) =>
      weighted(standardized(x!, [1], epsilon), weight),
    ),
  ),
  layerNormWeightGradient: by(({ x, dy }, { epsilon }) =>
    sum(multiply(dy!, standardized(x!, [1], epsilon)), 0),
  ),
  groupNormSums: by(({ x, dy }, attributes) => {
    const area = [...x!.shape.keys()].slice(2);
    return rows([sum(dy!, area), sum(multiply(dy!, groupNormal(x!, attributes)), area)]);
  }),
  groupNormGradient: by(
    gradientBy('x', 'dy', ({ x, weight }, attributes) =>
      weighted(groupNormal(x!, attributes), weight && perChannel(weight, x!)),
    ),
  ),
  rmsNormGradient: by(
    gradientBy('x', 'dy', ({ x, weight }, { epsilon }) => {
      const square = ops.mean(multiply(x!, x!), 1, true);
      return weighted(divide(x!, ops.sqrt(add(square, number(epsilon)))), weight);
    }),
  ),
  localResponseNormGradient: by(gradientBy('x', 'dy', responses)),
  rbfInputGradient: by(gradientBy('x', 'dy', rbf)),
  rbfCentresGradient: by(gradientBy('centres', 'dy', rbf)),
  embeddingGradient: ({ inputs: { indices } }, g) => ({ dy: ops.embedding(indices!, g) }),
  attentionScoresGradient: by(({ p, dy }, attributes) =>
    scale(ofSoftmax(p!, dy!), attributes.scale),
  ),
  attentionGradient: by(attention),
  byQueries({ inputs: { both } }, g) {
    const [own, all] = [g.shape, both!.shape].map(sizeOf) as [number, number];
    return { both: ops.pad(ops.reshape(g, [own]), [[0, all - own]]) };
  },
};

// Not among the others, as bundlers keep objects that are spread.
const recurrent = /* @__PURE__ */ recurrentRules((source) => ruleOf(source));

/** The backward rule of an op, also of one that computes gradients. */
export const ruleOf: RuleOf = ({ op, layer }) => {
  const rule = op.backward ?? rules[op.name] ?? recurrent[op.name];
  if (rule) return rule;
  const where = layer.replace(/( ?gradient)+$/, '');
  throw new LanewiseError(
    'argument',
    `${where ? `layer '${where}': ` : ''}${op.name} has no gradient, and second derivatives require one`,
    'differences of gradientsOf along the vector approximate the product: (g(w + hv) − g(w − hv))/2h',
  );
};

/** The change of `slopes`, gradients by `wrt`, as wrt moves along a vector: of wrt's shapes. */
export function changesOf(
  slopes: readonly Tensor[],
  vector: readonly Tensor[],
  wrt: readonly Tensor[],
): Tensor[] {
  const rates = slopes.map((slope, i) => ops.weightedSum(multiply(slope, vector[i]!), 1));
  const found = rates.length > 0 ? partials(rates.reduce(add), wrt, ruleOf) : [];
  return wrt.map(({ shape }, i) => found[i] ?? ops.constant(0, shape));
}
