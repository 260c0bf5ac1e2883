/** The values of a model's tensors for samples of data, in strict numerics, some samples at a time. */
import { readAll } from '../crew/load.js';
import type { Samples } from '../data/samples.js';
import { inputLeaf } from '../feed/column.js';
import { columnsOf } from '../feed/columns.js';
import { gatherAll } from '../feed/gather.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import type { Model, ModelGraph } from '../layers/index.js';
import { createEvaluator, type Evaluator } from '../step/compute-tensors.js';
import type { Weights } from '../crew/session.js';

/** The values of a model's inputs, by name, as its graph takes them. */
export interface Leaves {
  readonly count: number;
  readonly values: ReadonlyMap<string, Float32Array | Int32Array>;
}

/** The inputs' values of all samples. @throws LanewiseError kind 'data' if they do not fit the model. */
export async function leavesOf(model: Model, data: Samples): Promise<Leaves> {
  const known = await readAll(data);
  const { columns } = columnsOf(model, [], known);
  const values = new Map<string, Float32Array | Int32Array>();
  for (const name of Object.keys(model.architecture.inputs)) {
    const column = columns.find(({ leaves }) => leaves.includes(inputLeaf(name)))!;
    values.set(name, await gatherAll(column, known.count));
  }
  return { count: known.count, values };
}

/** Floats of all tensors at a time, at most. */
const MOST_FLOATS = 2 ** 25;
const MOST_SAMPLES = 32;

/** A function that computes tensors of the evaluation graph for all samples, and shows them some samples at a time. */
export async function createObserver(
  model: Model,
  weights: Weights,
  { count, values }: Leaves,
  wantedIn: (graph: ModelGraph) => readonly Tensor[],
): Promise<(visit: (found: readonly Float32Array[], count: number) => void) => void> {
  const one = wantedIn(model.graph(1, 'evaluation'));
  const floats = one.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const size = Math.max(1, Math.min(MOST_SAMPLES, count, Math.floor(MOST_FLOATS / floats)));
  const open = async (samples: number) => {
    const graph = model.graph(samples, 'evaluation');
    const leaves = [...graph.inputs.values(), ...graph.parameters.values()];
    const tensors = wantedIn(graph);
    const evaluator = await createEvaluator(tensors, leaves, { numerics: 'strict' });
    for (const [name, leaf] of graph.parameters) evaluator.feed(leaf, weights.get(name)!);
    return { graph, evaluator };
  };
  const whole = await open(size);
  const rest = count % size > 0 ? await open(count % size) : undefined;
  const feed = (graph: ModelGraph, evaluator: Evaluator, from: number, samples: number) => {
    for (const [name, leaf] of graph.inputs) {
      const all = values.get(name)!;
      const each = all.length / count;
      evaluator.feed(leaf, all.subarray(from * each, (from + samples) * each));
    }
  };
  return (visit) => {
    for (let from = 0; from < count; from += size) {
      const samples = Math.min(size, count - from);
      const { graph, evaluator } = samples === size ? whole : rest!;
      feed(graph, evaluator, from, samples);
      visit(evaluator.run(), samples);
    }
  };
}
