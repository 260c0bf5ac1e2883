/**
 * Graphs with fake quantisation (Jacob et al. 2018): weights and values are rounded to what integers will hold in their
 * places, so that training meets the errors of a quantised model.
 */
import { apply, withLayer, type Op } from '../graph/op.js';
import { topologicalOrder } from '../graph/order.js';
import type { Application, Tensor } from '../graph/tensor.js';
import type { ModelGraph } from '../layers/index.js';
import { fakeQuantize, fakeQuantizeChannels } from '../ops/index.js';
import { placesOf } from './byte-places.js';

/** The meaning of a tensor's integers q: scale·(q − zero). */
export interface PlaceRange {
  /** Above 0. */
  readonly scale: number;
  /** 0 to 127; from −128 on for the values by which functions are looked up. */
  readonly zero: number;
}

/** The largest byte of a tensor, which holds 0 to 127. */
export const MOST = 127;

/** Where and how a model's integers are, as plain data. */
export interface QuantizedPlaces {
  /** Each tensor that is held in bytes, and each value by which a function is looked up, by their places' names. */
  readonly ranges: Readonly<Record<string, PlaceRange>>;
  /** Names of layers that stay float. */
  readonly float: readonly string[];
}

/** The graph with rounded weights and values; inputs and parameters stay the same tensors. */
export function quantizedGraph(graph: ModelGraph, { ranges, float }: QuantizedPlaces): ModelGraph {
  const outputs = [...graph.outputs.values()];
  const { bytes, inner, weights } = placesOf(outputs, { float });
  const roundings = new Map<Tensor, (x: Tensor) => Tensor>();
  for (const { tensor } of weights) roundings.set(tensor, fakeQuantizeChannels);
  for (const [places, low] of [
    [bytes, 0],
    [inner, -MOST - 1],
  ] as const) {
    for (const { name, tensor } of places) {
      const range = ranges[name];
      // What only training computes, such as an auxiliary output, is no part of the quantised model.
      if (range) roundings.set(tensor, (x) => fakeQuantize(x, { ...range, low, high: MOST }));
    }
  }
  const now = new Map<Tensor, Tensor>();
  for (const t of topologicalOrder([...outputs, ...graph.observations.values()])) {
    const { source } = t;
    withLayer(source.kind === 'op' ? source.layer : '', () => {
      const y = source.kind === 'op' ? rebuilt(t, source, now) : t;
      now.set(t, roundings.get(t)?.(y) ?? y);
    });
  }
  const changed = (tensors: ReadonlyMap<string, Tensor>) =>
    new Map([...tensors].map(([name, t]) => [name, now.get(t)!]));
  return {
    ...graph,
    outputs: changed(graph.outputs),
    observations: changed(graph.observations),
  };
}

/** The op of `t` applied to what its inputs are now. */
function rebuilt(
  t: Tensor,
  { op, inputs, attributes }: Application,
  now: ReadonlyMap<Tensor, Tensor>,
): Tensor {
  const taken = Object.entries(inputs).map(([name, x]) => [name, now.get(x)!] as const);
  if (taken.every(([name, x]) => x === inputs[name])) return t;
  return apply(op as Op<object>, Object.fromEntries(taken), attributes);
}
