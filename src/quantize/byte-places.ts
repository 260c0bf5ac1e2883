/**
 * The places of a model where its quantised form rounds: tensors that are held in bytes, the values that functions are
 * looked up by, and weights. Calibration finds their ranges, and training for quantisation rounds there as well.
 */
import type { Tensor } from '../graph/tensor.js';
import type { Step } from './byte-steps.js';
import { walk, type Walk, type WalkOptions } from './byte-walk.js';

export interface Place {
  /** Unique: the layer's or the input's name, with `.inner` for what a function is looked up by. */
  readonly name: string;
  readonly tensor: Tensor;
}

export interface Places {
  /** Tensors of bytes, 0 to 127, each with a scale and a zero of its own. */
  readonly bytes: readonly Place[];
  /** Values before functions that are looked up, in 256 steps. */
  readonly inner: readonly Place[];
  /** Weights, each output channel (axis 0) with a scale of its own, −127 to 127. */
  readonly weights: readonly Place[];
}

/** The places of a graph of evaluation or training, by its outputs. Names are the same in both. */
export const placesOf = (outputs: readonly Tensor[], options: WalkOptions = {}): Places =>
  placesIn(walk(outputs, options));

/** Maxima and views have the bytes of what they read. */
const hasOwn = ({ is }: Step): boolean => is !== 'maxPool' && is !== 'view';

export function placesIn({ steps, bytes }: Walk): Places {
  const computed = new Set(steps.map(({ output }) => output));
  const leaves = [...bytes.keys()].filter((tensor) => !computed.has(tensor));
  const inputs = leaves.flatMap((tensor): Place[] =>
    tensor.source.kind === 'op' ? [] : [{ name: tensor.source.name, tensor }],
  );
  const own = steps.filter((step) => hasOwn(step) && bytes.has(step.output));
  return {
    bytes: [...inputs, ...own.map(({ name, output }) => ({ name, tensor: output }))],
    inner: steps.flatMap((step) =>
      step.is === 'product' && step.pointwise?.kind === 'table'
        ? [{ name: `${step.name}.inner`, tensor: step.raw }]
        : [],
    ),
    weights: steps.flatMap((step) =>
      step.is === 'product' && step.weight ? [{ name: step.name, tensor: step.weight }] : [],
    ),
  };
}
