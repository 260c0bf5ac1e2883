/** Edges of bins of about equally many samples, for the piecewise-linear encoding of numbers. */
import { checkOptions, text, wholeFrom } from '../base/check.js';
import { checkFinite, inSamples } from '../base/check-values.js';
import { LanewiseError } from '../base/errors.js';
import { sizeOf } from '../graph/tensor.js';
import type { AnyDataset } from './dataset.js';
import { samplesOf } from './forms.js';
import { inputOf } from './samples.js';

/** Settings of `quantileEdges`. */
export interface QuantileEdgesOptions {
  /** Bins of a feature, if it has as many different numbers; default 16. */
  readonly bins?: number;
  /** The input whose numbers are taken; default `input`. */
  readonly input?: string;
}

/**
 * Of each feature of an input the edges of `bins` bins that hold equally many of the samples, as nearly as equal numbers
 * allow: from the least number to the largest, ascending. Take them of the training samples only. A feature of one number
 * x gets the edges x − 1 and x.
 * @throws LanewiseError kind 'data' for data that is not in memory as float32, or has no such input.
 */
export function quantileEdges(train: AnyDataset, options: QuantileEdgesOptions = {}): number[][] {
  const { bins = 16, input = 'input' } = checkOptions('quantileEdges', options, {
    bins: wholeFrom(1),
    input: text,
  });
  const samples = samplesOf(train);
  const { name, count } = samples;
  const field = inputOf(samples, input);
  if (!field || !(field.values instanceof Float32Array))
    throw new LanewiseError(
      'data',
      `quantileEdges: data set '${name}' has no input '${input}' of float32 in memory`,
    );
  const size = sizeOf(field.shape);
  const { values } = field;
  checkFinite(
    'data',
    `quantileEdges: data set '${name}'`,
    values,
    'impute puts values into the gaps of tables',
    inSamples(size),
  );
  const numbers = new Float32Array(count);
  return Array.from({ length: size }, (_, feature) => {
    for (let i = 0; i < count; i++) numbers[i] = values[i * size + feature]!;
    return edgesOf(numbers.toSorted(), bins);
  });
}

/** Edges among ascending numbers; equal ones are one edge. */
function edgesOf(sorted: Float32Array, bins: number): number[] {
  const edges: number[] = [];
  for (let b = 0; b <= bins; b++) {
    const place = (b * (sorted.length - 1)) / bins;
    const below = Math.floor(place);
    const [x, next] = [sorted[below]!, sorted[below + 1] ?? sorted[below]!];
    const edge = Math.fround(x + (place - below) * (next - x));
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge);
  }
  return edges.length > 1 ? edges : [edges[0]! - 1, edges[0]!];
}
