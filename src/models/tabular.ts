/**
 * A net for the rows of tables, classes and values alike: inputs of spread 1 that are smoothly clipped, if asked for the
 * piecewise-linear encoding of each number, one hidden layer of GELUs, and an output.
 */
import { checkOptions, extent, finite, listOf, listOr, object, required } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import {
  flatten,
  gelu,
  linear,
  piecewiseLinear,
  rescale,
  sequential,
  smoothClip,
  type Layer,
  type Model,
  type PerChannel,
  type RescaleOptions,
} from '../layers/index.js';

/** Settings of `tabular`. */
export interface TabularOptions {
  /** Numbers in a row. */
  readonly features: number;
  /** Scores of a row: one for each class, or the predicted values. */
  readonly outputs: number;
  /** Units of the hidden layer, or of each of them; default 256. */
  readonly hidden?: number | readonly number[];
  /** Edges of each feature's bins, in the rows' own numbers; see `quantileEdges`. Default none: numbers go in as they are. */
  readonly edges?: readonly (readonly number[])[];
  /** Mean and deviation of each feature; default 0 and 1. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
  /** The unit of predicted values: settings of a last layer `rescale`. Default none, as for classes. */
  readonly unit?: RescaleOptions;
}

/** No clipped number is larger. */
const BOUND = 3;

/** Edges as the encoding finds them behind scale and clipping, where edges far from all others may have become one. */
function scaledEdges(
  edges: readonly (readonly number[])[],
  mean: PerChannel,
  deviation: PerChannel,
): number[][] {
  const of = (scale: PerChannel, feature: number): number =>
    typeof scale === 'number' ? scale : scale[feature]!;
  return edges.map((list, feature) => {
    const scaled: number[] = [];
    for (const edge of list) {
      const x = (edge - of(mean, feature)) / of(deviation, feature);
      const clipped = x / Math.sqrt(1 + (x / BOUND) * (x / BOUND));
      if (scaled.length === 0 || Math.fround(clipped) > Math.fround(scaled.at(-1)!))
        scaled.push(clipped);
    }
    return scaled.length > 1 ? scaled : [scaled[0]! - 1, scaled[0]!];
  });
}

/**
 * Rows features×1×1 to `outputs` scores: of classes, trained with `crossEntropy`, or values, trained with
 * `meanSquaredError` and a `unit`.
 * @throws LanewiseError kind 'argument' for numbers out of range, and edges that are not one list a feature.
 */
export function tabular(options: TabularOptions): Model {
  const {
    features,
    outputs,
    hidden = 256,
    edges,
    mean = 0,
    deviation = 1,
    unit,
  } = checkOptions('tabular', options, {
    features: required(extent),
    outputs: required(extent),
    hidden: listOr(extent, listOf(extent, 0)),
    edges: listOf(listOf(finite, 2)),
    mean: true,
    deviation: true,
    unit: object,
  });
  if (edges && edges.length !== features)
    throw new LanewiseError(
      'argument',
      `tabular: edges has ${edges.length} lists, expected one for each of ${features} features`,
    );
  const layers: Record<string, Layer> = { flat: flatten(), clip: smoothClip({ bound: BOUND }) };
  let inputs = features;
  if (edges) {
    const scaled = scaledEdges(edges, mean, deviation);
    layers['encoding'] = piecewiseLinear({ edges: scaled });
    inputs = scaled.reduce((sum, list) => sum + list.length - 1, 0);
  }
  const units = typeof hidden === 'number' ? [hidden] : hidden;
  units.forEach((count, i) => {
    const which = units.length === 1 ? '' : i + 1;
    layers[`hidden${which}`] = linear(units[i - 1] ?? inputs, count);
    layers[`act${which}`] = gelu();
  });
  layers['output'] = linear(units.at(-1) ?? inputs, outputs);
  if (unit) layers['unit'] = rescale(unit);
  return sequential(layers, { input: [features, 1, 1], mean, deviation });
}
