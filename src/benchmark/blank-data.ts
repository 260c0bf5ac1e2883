/** Samples of zeros for a model and its losses, where only their form counts. */
import type { Field, TensorDataset } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import { input, showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { targetsOf, type LossTerm } from '../losses/terms.js';

/** `count` samples. @throws LanewiseError kind 'argument' for a loss whose targets' form its outputs do not tell. */
export function blankData(
  { architecture, outputs }: Model,
  terms: readonly LossTerm[],
  count: number,
): TensorDataset {
  const fieldOf = (shape: Shape, isWhole: boolean): Field => {
    const size = count * sizeOf(shape);
    return { shape, values: isWhole ? new Int32Array(size) : new Float32Array(size) };
  };
  return {
    name: 'zeros',
    inputs: Object.fromEntries(
      Object.entries(architecture.inputs).map(([name, { shape, vocabulary, lengths }]) => {
        const field = fieldOf(shape, vocabulary !== undefined || lengths !== undefined);
        // A sequence has one step at least.
        return [name, lengths === undefined ? field : { ...field, values: field.values.fill(1) }];
      }),
    ),
    targets: Object.fromEntries(
      terms.flatMap((term) => {
        const found = formOf(term, outputs.get(term.output)!);
        return targetsOf(term).map((name) => [name, fieldOf(found.shape, found.isWhole)]);
      }),
    ),
  };
}

/** The first form of a target, whole numbers or numbers, that the loss of an output takes. */
function formOf({ output, loss }: LossTerm, shape: Shape) {
  const y = input(output, [1, ...shape]);
  const forms = [[], shape.slice(1), shape.slice(0, -1), shape].flatMap((one) => [
    { shape: one, isWhole: true },
    { shape: one, isWhole: false },
  ]);
  const found = forms.find((form) => {
    try {
      const target = input('target', [1, ...form.shape], form.isWhole ? 'i32' : 'f32');
      loss.perSample(y, target);
      loss.hits?.(y, target);
      return true;
    } catch {
      return false;
    }
  });
  if (found) return found;
  throw new LanewiseError(
    'argument',
    `the targets of the loss ${loss.kind} are not known from its output '${output}' of shape ${showShape(shape)}`,
  );
}
