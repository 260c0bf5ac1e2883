/** What a model costs in arithmetic: multiply-adds and floating-point operations of a sample, forward and in training. */
import { partials } from '../compiler/differentiate.js';
import { topologicalOrder } from '../graph/order.js';
import { sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { add, sum } from '../ops/index.js';
import { checkModel } from '../trained/check-weights.js';

/** What a layer costs for one sample, forward. */
export interface LayerOperations {
  readonly layer: string;
  readonly kind: string;
  /** Shape of the output of one sample. */
  readonly shape: Shape;
  readonly multiplyAdds: number;
  readonly operations: number;
}

/** What a model costs for one sample. */
export interface Operations {
  /** In the order of their evaluation. */
  readonly layers: readonly LayerOperations[];
  /** Products with weights, and those of attention, forward: what papers give as a net's multiply-adds. */
  readonly multiplyAdds: number;
  /** Multiplications and additions forward. */
  readonly operations: number;
  /** Multiplications and additions of a step of training: forward, and the gradients of all trained parameters. */
  readonly training: number;
}

/** Ops that are made of products and sums, two operations a multiply-add. */
const PRODUCTS = new Set([
  'conv2d',
  'conv2dInputGradient',
  'matmul',
  'batchMatmul',
  'locallyConnected2d',
  'attentionScores',
  'attentionProduct',
  'recurrent',
]);

/** Operations of a tensor's own op, and its multiply-adds. */
function costOf(output: Tensor): { operations: number; multiplyAdds: number } {
  const { source, shape } = output;
  if (source.kind !== 'op') return { operations: 0, multiplyAdds: 0 };
  const { op, inputs, attributes } = source;
  const node = { inputs, attributes, output };
  const operations = op.flops?.(node) ?? 0;
  if (!PRODUCTS.has(op.name)) return { operations, multiplyAdds: 0 };
  // Convolutions have the inputs x, w and b, products of matrices a, b and bias.
  const bias = 'w' in inputs ? inputs['b'] : inputs['bias'];
  return { operations, multiplyAdds: (operations - (bias ? sizeOf(shape) : 0)) / 2 };
}

/** Samples of the graph of training: batch normalisation takes no single one. */
const SAMPLES = 2;

/** Operations of a sample in training: forward, and the gradients of a sum of all outputs by the trained parameters. */
function trainingOperations(model: Model): number {
  const { outputs, parameters } = model.graph(SAMPLES, 'training');
  const trained = model.parameters.flatMap(({ name, role }) =>
    role === 'trained' ? [parameters.get(name)!] : [],
  );
  const total = [...outputs.values()].map((one) => sum(one)).reduce((a, b) => add(a, b));
  const gradients = partials(total, trained).filter((one) => one !== undefined);
  const costs = topologicalOrder([...outputs.values(), ...gradients]).map(costOf);
  return costs.reduce((all, { operations }) => all + operations, 0) / SAMPLES;
}

/**
 * Counts the arithmetic of a model for one sample, by layer. Operations are the multiplications and additions of products,
 * biases, normalisation and elementwise arithmetic, two a multiply-add; comparisons, pooling and activations, which have
 * none or few of them, are not counted, nor are the loss and the update. A convolution counts as its sum of products,
 * whichever algorithm computes it.
 * @throws LanewiseError kind 'argument' for what is not a model.
 */
export function operationsOf(model: Model): Operations {
  checkModel(model);
  const graph = model.graph(1, 'evaluation');
  const costs = new Map<string, { operations: number; multiplyAdds: number }>();
  for (const tensor of topologicalOrder([...graph.outputs.values()])) {
    if (tensor.source.kind !== 'op') continue;
    const { layer = '' } = tensor.source;
    const [before, cost] = [costs.get(layer), costOf(tensor)];
    costs.set(layer, {
      multiplyAdds: (before?.multiplyAdds ?? 0) + cost.multiplyAdds,
      operations: (before?.operations ?? 0) + cost.operations,
    });
  }
  const all = [...costs.values()];
  return {
    layers: graph.activations.map(({ layer, kind, output }) => ({
      layer,
      kind,
      shape: output.shape.slice(1),
      ...(costs.get(layer) ?? { multiplyAdds: 0, operations: 0 }),
    })),
    multiplyAdds: all.reduce((total, one) => total + one.multiplyAdds, 0),
    operations: all.reduce((total, one) => total + one.operations, 0),
    training: trainingOperations(model),
  };
}
