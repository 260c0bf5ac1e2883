/**
 * Figures of a net while it trains, by which one sees signals vanish or explode (Glorot & Bengio 2010, figures
 * 6 and 7): of each layer how large its output is and the loss's gradient by it, of each parameter its size, its
 * gradient's, and how its values are distributed. For a few samples, always the same; training does not see it.
 */
import { takeFirst } from '../data/chosen.js';
import type { Samples } from '../data/samples.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { createLayerwise } from './layerwise.js';
import type { Weights } from '../crew/session.js';

/** Counts of values in equal parts of [min, max], which are those of the finite values. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

/** How large a layer's output and its gradient are. */
export interface LayerFigures {
  readonly name: string;
  /** Root of the mean square of its output's values; NaN or Infinity if one of them is. */
  readonly activationNorm: number;
  /** The same of the mean loss's gradient by the output; 0 where the loss does not depend on it. */
  readonly gradientNorm: number;
}

/** How large a parameter and its gradient are, and how its values are distributed. */
export interface WeightFigures {
  readonly name: string;
  /** Root of the sum of squares. */
  readonly norm: number;
  /** Of the mean loss's gradient; 0 where the loss does not depend on it. */
  readonly gradientNorm: number;
  readonly histogram: Histogram;
}

/** What one measurement found. */
export interface ProbeRecord {
  readonly loss: number;
  /** Those that compute something, in the order in which they run. */
  readonly layers: readonly LayerFigures[];
  /** Trained parameters, in the model's order. */
  readonly weights: readonly WeightFigures[];
}

/** A look at a model in training: activations and gradients on a few samples that stay the same. */
export interface Probe {
  readonly samples: number;
  /** Figures of every layer and parameter with these weights. */
  measure(weights: Weights): ProbeRecord;
  /** Gives the memory back. */
  close(): void;
}

const BINS = 30;
const MAX_SAMPLES = 32;
/** Of all layers' outputs together; large nets are measured with fewer samples. */
const MAX_BYTES = 64 * 2 ** 20;
/** Layers that pass values on as they are. */
const PASSING = ['flatten', 'reshape', 'identity'];

/**
 * Compiles the model's graph once for the first samples of `data`, at most 32, in training mode: batch
 * normalisation by the samples at hand, dropout the same at each measurement.
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
    { mode: 'training', withGradients: true, ...(numerics === undefined ? {} : { numerics }) },
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

/** How many samples' outputs and gradients of all layers fit into `bytes`; at least one. */
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
