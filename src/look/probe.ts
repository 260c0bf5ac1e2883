/**
 * A probe of a net in training, which shows vanishing or exploding signals (Glorot & Bengio 2010, figures 6, 7). It
 * measures the size of each layer's output and of the loss's gradient by it, and the size of each parameter, its
 * gradient and the distribution of its values. All are taken on the same few samples, and training is not affected.
 */
import { takeFirst } from '../data/chosen.js';
import type { Samples } from '../data/samples.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { createLayerwise } from './layerwise.js';
import type { Weights } from '../crew/session.js';

/** Counts of values in equal parts of [min, max], the range of the finite values. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

/** How large a layer's output and its gradient are. */
export interface LayerFigures {
  readonly name: string;
  /** Root mean square of the output's values; NaN or Infinity if one of them is. */
  readonly activationNorm: number;
  /** Root mean square of the loss's gradient by the output; 0 where the loss does not depend on it. */
  readonly gradientNorm: number;
}

/** How large a parameter and its gradient are, and how its values are distributed. */
export interface WeightFigures {
  readonly name: string;
  /** Root of the sum of squares. */
  readonly norm: number;
  /** Norm of the mean loss's gradient; 0 where the loss does not depend on it. */
  readonly gradientNorm: number;
  readonly histogram: Histogram;
}

/** The figures of one measurement. */
export interface ProbeRecord {
  readonly loss: number;
  /** Layers that compute something, in the order in which they run. */
  readonly layers: readonly LayerFigures[];
  /** Trained parameters, in the model's order. */
  readonly weights: readonly WeightFigures[];
}

/** Measures activations and gradients of a model in training, on a few samples that stay the same. */
export interface Probe {
  readonly samples: number;
  /** Figures of every layer and parameter with these weights. */
  measure(weights: Weights): ProbeRecord;
  /** Releases the memory. */
  close(): void;
}

const BINS = 30;
const MAX_SAMPLES = 32;
/** Bytes of all layers' outputs together; large nets are measured with fewer samples. */
const MAX_BYTES = 64 * 2 ** 20;
/** Kinds of layers that pass values on unchanged. */
const PASSING = ['flatten', 'reshape', 'identity'];

/**
 * Compiles the model's graph once for the first samples of `data`, at most 32, in training mode: batch normalisation over
 * these samples, dropout the same in each measurement.
 * @throws LanewiseError kind 'data' if data and model do not fit.
 */
export async function createProbe(
  model: Model,
  terms: readonly LossTerm[],
  data: Samples,
  numerics?: Numerics,
): Promise<Probe> {
  const few = await takeFirst(data, Math.min(MAX_SAMPLES, fitting(model, MAX_BYTES)));
  let layerwise: Awaited<ReturnType<typeof createLayerwise>> | undefined = await createLayerwise(
    model,
    terms,
    few,
    { mode: 'training', withGradients: true, numerics },
  );
  return {
    samples: few.count,
    measure(weights) {
      if (!layerwise) throw new Error('the probe is closed');
      const { loss, layers, gradients } = layerwise.run(weights);
      return {
        loss,
        layers: layers
          .filter(({ kind }) => !PASSING.includes(kind))
          .map(({ name, output, gradient }) => ({
            name,
            activationNorm: rootMeanSquare(output),
            gradientNorm: gradient ? rootMeanSquare(gradient) : 0,
          })),
        weights: model.parameters
          .filter(({ role }) => role === 'trained')
          .map(({ name }) => {
            const gradient = gradients.get(name);
            return {
              name,
              norm: euclideanNorm(weights.get(name)!),
              gradientNorm: gradient ? euclideanNorm(gradient) : 0,
              histogram: histogramOf(weights.get(name)!, BINS),
            };
          }),
      };
    },
    close() {
      layerwise = undefined;
    },
  };
}

/** The number of samples whose outputs and gradients of all layers fit into `bytes`; at least one. */
export const fitting = ({ activationBytes }: Model, bytes: number): number =>
  Math.max(1, Math.floor(bytes / (2 * activationBytes)));

const sumOfSquares = (values: Float32Array): number => {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
};

const euclideanNorm = (values: Float32Array): number => Math.sqrt(sumOfSquares(values));

const rootMeanSquare = (values: Float32Array): number =>
  Math.sqrt(sumOfSquares(values) / values.length);

/** A histogram of the finite values; all zero if there are none. */
export function histogramOf(values: Float32Array, bins: number): Histogram {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const counts = Array.from({ length: bins }, () => 0);
  if (min > max) return { min: 0, max: 0, counts };
  const scale = max > min ? bins / (max - min) : 0;
  for (const value of values) {
    // The largest value belongs to the last bin.
    if (Number.isFinite(value)) counts[Math.min(bins - 1, Math.floor((value - min) * scale))]! += 1;
  }
  return { min, max, counts };
}
