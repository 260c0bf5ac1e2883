/** The inside of a training step, in this thread: every layer's output, and the loss's gradients by these. */
import { partials } from '../compiler/differentiate.js';
import type { Samples } from '../data/samples.js';
import type { Numerics } from '../engine/features.js';
import { topologicalOrder } from '../graph/order.js';
import type { Tensor } from '../graph/tensor.js';
import type { Mode, Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { columnsOf } from '../feed/columns.js';
import { feedSamples } from './feed-samples.js';
import { createEvaluator } from '../step/compute-tensors.js';
import { meanLoss } from '../step/graphs.js';
import type { Weights } from '../crew/session.js';

/** A layer's values for some samples. */
export interface LayerValues {
  /** `conv1`; a layer that is applied a second time is `conv1 (2)`. */
  readonly name: string;
  readonly kind: string;
  /** Extents of the output, samples first. */
  readonly shape: readonly number[];
  readonly output: Float32Array;
  /** Gradient of the mean loss by the output; absent where the loss does not depend on it, or if not asked for. */
  readonly gradient?: Float32Array;
  /** The inputs of the layer: earlier layers, and inputs of the model, by name. */
  readonly from: readonly string[];
}

export interface LayerwiseValues {
  /** Mean over the samples; NaN without a loss. */
  readonly loss: number;
  /** Layers in the order in which they run; a layer made of layers comes after these. */
  readonly layers: readonly LayerValues[];
  /** Gradients by the trained parameters that the loss depends on. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Inputs as the model takes them, by name. */
  readonly inputs: ReadonlyMap<string, Float32Array | Int32Array>;
}

export interface Layerwise {
  /** Computes all values; random layers draw the same each time. */
  run(weights: Weights): LayerwiseValues;
}

export interface LayerwiseOptions {
  readonly mode: Mode;
  /** Whether gradients are computed too, not the layers' outputs alone. */
  readonly withGradients: boolean;
  /** Whether an output of these extents is wanted; default all are. Weights that only others need take no memory. */
  readonly isWanted?: (shape: readonly number[]) => boolean;
  readonly numerics?: Numerics;
}

/**
 * Compiles the graph of all samples of `data` as one minibatch.
 * @throws LanewiseError kind 'data' if data and model do not fit.
 */
export async function createLayerwise(
  model: Model,
  terms: readonly LossTerm[],
  data: Samples,
  { mode, withGradients, isWanted = () => true, numerics }: LayerwiseOptions,
): Promise<Layerwise> {
  const columns = columnsOf(model, terms, data);
  const { count } = columns;
  // Any seed will do, but a fixed one: figures are compared over time.
  const { fed, feeds } = await feedSamples(model, columns, mode, 1);
  const { graph } = fed;

  const allNames = namesOf(graph.activations.map(({ layer }) => layer));
  const activations = graph.activations
    .map((one, i) => ({ ...one, name: allNames[i]! }))
    .filter(({ output }) => isWanted(output.shape));
  const outputs = activations.map(({ output }) => output);
  const trained = model.parameters.flatMap(({ name, role }) => (role === 'trained' ? [name] : []));
  const loss = terms.length > 0 ? meanLoss(fed, terms, 1 / count) : undefined;
  const wanted = [...outputs, ...trained.map((name) => graph.parameters.get(name)!)];
  const found: readonly (Tensor | undefined)[] =
    loss && withGradients ? partials(loss, wanted) : wanted.map(() => undefined);
  // A tensor may be requested twice, such as the output of a layer that returns its input.
  const targets = [
    ...new Set([...(loss ? [loss] : []), ...outputs, ...found.filter((t) => t !== undefined)]),
  ];
  const needed = new Set(topologicalOrder(targets));
  const parameters = [...graph.parameters].filter(([, leaf]) => needed.has(leaf));
  const evaluator = await createEvaluator(
    targets,
    [...feeds.keys(), ...parameters.map(([, leaf]) => leaf)],
    { numerics },
  );
  for (const [leaf, values] of feeds) evaluator.feed(leaf, values);

  const labels = new Map<Tensor, string>([...graph.inputs].map(([name, leaf]) => [leaf, name]));
  outputs.forEach((output, i) => {
    if (!labels.has(output)) labels.set(output, activations[i]!.name);
  });
  const origins = outputs.map((output) => originsOf(output, labels));
  return {
    run(weights) {
      for (const [name, leaf] of parameters) evaluator.feed(leaf, weights.get(name)!);
      const values = new Map(evaluator.run().map((array, i) => [targets[i]!, array]));
      const gradientAt = (i: number) => found[i] && values.get(found[i]);
      return {
        loss: loss ? values.get(loss)![0]! : NaN,
        layers: activations.map(({ name, kind, output }, i) => {
          const gradient = gradientAt(i);
          return {
            name,
            kind,
            shape: output.shape,
            output: values.get(output)!,
            ...(gradient ? { gradient } : {}),
            from: origins[i]!,
          };
        }),
        gradients: new Map(
          trained.flatMap((name, i) => {
            const gradient = gradientAt(outputs.length + i);
            return gradient ? [[name, gradient] as const] : [];
          }),
        ),
        inputs: new Map([...graph.inputs].map(([name, leaf]) => [name, feeds.get(leaf)!])),
      };
    },
  };
}

/** Unique names: the second `conv` is `conv (2)`. */
function namesOf(layers: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return layers.map((layer) => {
    const times = (seen.get(layer) ?? 0) + 1;
    seen.set(layer, times);
    return times === 1 ? layer : `${layer} (${times})`;
  });
}

/** The labelled tensors met first on the ways back from `output`. */
function originsOf(output: Tensor, labels: ReadonlyMap<Tensor, string>): string[] {
  const origins = new Set<string>();
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor) || tensor.source.kind !== 'op') return;
    seen.add(tensor);
    for (const input of Object.values(tensor.source.inputs)) {
      const label = labels.get(input);
      if (label === undefined) visit(input);
      else origins.add(label);
    }
  };
  visit(output);
  return [...origins];
}
