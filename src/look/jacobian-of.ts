/** The Jacobian of a model: how each number of an output changes with each number of an input, sample by sample. */
import { pickNumerics } from '../engine/numerics.js';
import { checkOptions, oneOf, text } from '../base/check.js';
import { gradients } from '../compiler/differentiate.js';
import type { AnyDataset } from '../data/dataset.js';
import { takeFirst } from '../data/chosen.js';
import { samplesOf } from '../data/forms.js';
import { LanewiseError } from '../base/errors.js';
import type { Numerics } from '../engine/features.js';
import { inputLeaf } from '../feed/column.js';
import { columnsOf } from '../feed/columns.js';
import { gatherAll } from '../feed/gather.js';
import { input, sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { multiply, reshape, sum } from '../ops/index.js';
import { createEvaluator } from '../step/compute-tensors.js';
import type { Weights } from '../crew/session.js';
import { checkComplete, checkModel, numericsName } from '../trained/check-weights.js';

/** Options of `jacobianOf`. */
export interface JacobianOptions {
  /** Name of the output; default the model's first. */
  readonly output?: string;
  /** Name of the input; default the model's first. */
  readonly by?: string;
  readonly numerics?: Numerics;
}

/** Jacobians of some samples. */
export interface Jacobian {
  /** Samples, numbers of the output, numbers of the input. */
  readonly shape: readonly [samples: number, rows: number, columns: number];
  /** Sample by sample, row by row: ∂output[row] / ∂input[column]. */
  readonly values: Float32Array;
}

/**
 * ∂output/∂input of every sample of `data`, as in evaluation (no dropout, batch normalisation by its running
 * statistics). A sample costs one forward and one backward pass of as many copies as the output has numbers; labels are
 * not read. As for `gradientsOf`, an input is what the first layer sees, after the model's own mean and deviation.
 * @throws LanewiseError kind 'argument' for unknown names, an input of whole numbers, and weights that do not fit; kind
 * 'data' if data and model do not fit.
 */
export async function jacobianOf(
  model: Model,
  weights: Weights,
  data: AnyDataset,
  options: JacobianOptions = {},
): Promise<Jacobian> {
  checkModel(model);
  const [inputs, outputs] = [Object.keys(model.architecture.inputs), [...model.outputs.keys()]];
  const {
    output = outputs[0]!,
    by = inputs[0]!,
    numerics = pickNumerics(),
  } = checkOptions('jacobianOf', options, { output: text, by: text, numerics: numericsName });
  oneOf(outputs)('jacobianOf', 'output', output);
  oneOf(inputs)('jacobianOf', 'by', by);
  checkComplete(model, weights);
  const given = samplesOf(data);
  const samples = given.source ? await takeFirst(given, given.count) : given;
  const { count, columns } = columnsOf(model, [], samples);

  // One copy of the sample for each number of the output: copy r has the gradient of number r.
  const rows = sizeOf(model.outputs.get(output)!);
  const graph = model.graph(rows, 'evaluation');
  const leaf = graph.inputs.get(by)!;
  if (leaf.dtype !== 'f32') {
    throw new LanewiseError(
      'argument',
      `jacobianOf: input '${by}' has whole numbers, by which nothing is differentiated`,
      'expected an input of real numbers',
    );
  }
  const chosen = input('the number of each copy', [rows, rows]);
  const scores = reshape(graph.outputs.get(output)!, [rows, rows]);
  const [gradient] = gradients(sum(multiply(scores, chosen)), [leaf]);
  const leaves = [...graph.inputs.values(), ...graph.parameters.values(), chosen];
  const evaluator = await createEvaluator([gradient!], leaves, { numerics });
  evaluator.feed(chosen, identity(rows));
  for (const [name, tensor] of graph.parameters) evaluator.feed(tensor, weights.get(name)!);
  const fed = await Promise.all(
    [...graph.inputs].map(async ([name, tensor]) => {
      const column = columns.find((one) => one.leaves.includes(inputLeaf(name)))!;
      return { tensor, values: await gatherAll(column, count) };
    }),
  );

  const size = sizeOf(leaf.shape);
  const values = new Float32Array(count * size);
  for (let s = 0; s < count; s++) {
    for (const { tensor, values: all } of fed) evaluator.feed(tensor, copies(all, count, s, rows));
    values.set(evaluator.run()[0]!, s * size);
  }
  return { shape: [count, rows, size / rows], values };
}

function identity(rows: number): Float32Array {
  const values = new Float32Array(rows * rows);
  for (let r = 0; r < rows; r++) values[r * rows + r] = 1;
  return values;
}

/** Sample `s` of `count`, `times` over. */
function copies<T extends Float32Array | Int32Array>(
  values: T,
  count: number,
  s: number,
  times: number,
): T {
  const size = values.length / count;
  const result = new (values.constructor as new (length: number) => T)(times * size);
  for (let i = 0; i < times; i++) result.set(values.subarray(s * size, (s + 1) * size), i * size);
  return result;
}
