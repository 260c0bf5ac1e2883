/** Layers that turn the numbers of tables into what nets learn well from: piecewise-linear encoding, smooth clipping. */
import { checkOptions, finite, listOf, numberAbove, required } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { ShapeError } from '../graph/op.js';
import { showShape } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { Initializer } from './initializer.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/** Settings of `piecewiseLinear`. */
export interface PiecewiseLinearOptions {
  /** Of each feature the edges of its bins, in ascending order, two or more. */
  readonly edges: readonly (readonly number[])[];
}

/** Stands for no bound among the layer's values, which are finite as all of a file are. */
const UNBOUNDED = 3e38;

/** @throws LanewiseError kind 'argument' unless each feature has ascending edges, in float32, two or more. */
function checkEdges(edges: readonly (readonly number[])[]): void {
  edges.forEach((list, feature) => {
    const wrong = list.findIndex(
      (edge, i) => i > 0 && !(Math.fround(edge) > Math.fround(list[i - 1]!)),
    );
    if (list.length >= 2 && wrong < 0) return;
    throw new LanewiseError(
      'argument',
      wrong < 0
        ? `piecewiseLinear: feature ${feature} has ${list.length} edges, expected two or more`
        : `piecewiseLinear: edge ${wrong} of feature ${feature} is ${show(list[wrong])} after ${show(list[wrong - 1])}, expected ascending edges`,
    );
  });
}

/** The values of the layer: of each bin the slope and offset of its line, and the bounds where the line ends. */
function linesOf(edges: readonly (readonly number[])[]) {
  const bins = edges.flatMap((list, feature) =>
    list.slice(1).map((end, i) => ({ feature, start: list[i]!, end, isFirst: i === 0 })),
  );
  const weight = new Float32Array(bins.length * edges.length);
  bins.forEach(({ feature, start, end }, b) => {
    weight[b * edges.length + feature] = 1 / (end - start);
  });
  return {
    weight,
    bias: bins.map(({ start, end }) => -start / (end - start)),
    low: bins.map(({ isFirst }) => (isFirst ? -UNBOUNDED : 0)),
    high: bins.map((_, b) => ((bins[b + 1]?.isFirst ?? true) ? UNBOUNDED : 1)),
  };
}

/**
 * The piecewise-linear encoding of numbers (Gorishniy, Rubachev & Babenko 2022, §3.2): N×features to N×bins. Of each
 * feature and each bin from edge a to edge b it makes (x − a)/(b − a), which stays 0 below the bin and 1 above it, except
 * below a feature's first edge and above its last one, where the lines go on. A dense layer of it is any piecewise-linear
 * function of every feature. Two edges leave a feature as it is, but for offset and scale. Nothing of it is trained.
 * A run computes it as a product with a matrix bins×features, which model files hold.
 * @throws LanewiseError kind 'argument' for edges that are not finite or do not ascend in float32.
 */
export function piecewiseLinear(options: PiecewiseLinearOptions): Layer {
  const kind = 'piecewiseLinear';
  const { edges } = checkOptions(kind, options, {
    edges: required(listOf(listOf(finite, 0), 0)),
  });
  if (edges.length === 0)
    throw new LanewiseError('argument', `${kind}: edges is [], expected the edges of each feature`);
  checkEdges(edges);
  const features = edges.length;
  return defineLayer(kind, { edges }, (scope, x) => {
    if (x!.shape.length !== 2 || x!.shape[1] !== features)
      throw new ShapeError(
        kind,
        `expected an input of N×${features}, found ${showShape(x!.shape)}`,
      );
    const { weight, bias, low, high } = linesOf(edges);
    const fixed = (name: string, values: ArrayLike<number>, shape = [bias.length]) =>
      scope.fixed(name, shape, { kind: 'values', values } satisfies Initializer);
    const lines = ops.linear(
      x!,
      fixed('weight', weight, [bias.length, features]),
      fixed('bias', bias),
    );
    return ops.minimum(ops.maximum(lines, fixed('low', low)), fixed('high', high));
  });
}

/** Settings of `smoothClip`. */
export interface SmoothClipOptions {
  /** The size that no result reaches; default 3. */
  readonly bound?: number;
}

/**
 * x/√(1 + (x/bound)²): about x around 0, and never beyond ±bound, so that no value far from all others overrules them
 * (Holzmüller et al. 2024, §3). For inputs that are scaled to a spread of 1.
 * @throws LanewiseError kind 'argument' for a bound that is not above 0.
 */
export function smoothClip(options: SmoothClipOptions = {}): Layer {
  const { bound = 3 } = checkOptions('smoothClip', options, { bound: numberAbove(0) });
  return defineLayer('smoothClip', { bound }, (_, x) => {
    const share = ops.scale(x!, 1 / bound);
    return ops.divide(x!, ops.sqrt(ops.add(ops.multiply(share, share), ops.constant(1, [1]))));
  });
}

export const encodingLayers: Constructors = {
  piecewiseLinear: (settings) => piecewiseLinear(settings),
  smoothClip: (settings) => smoothClip(settings),
};
