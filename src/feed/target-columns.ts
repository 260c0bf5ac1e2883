/** The columns of targets: class indices or values, and how much of them counts. */
import type { Field } from '../data/dataset.js';
import { readableTargets, targetNamed, UNNAMED, type Samples } from '../data/samples.js';
import { hasClasses } from '../data/target-names.js';
import { planTransforms } from '../data/transforms/kinds.js';
import { LanewiseError } from '../base/errors.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { WholeLoss } from '../losses/define.js';
import type { TargetForm } from '../losses/function.js';
import { targetOf, type LossTerm } from '../losses/terms.js';
import { checkFinite, checkTarget } from './check-targets.js';
import { augmentationOf, plainColumn, refuseMissing, targetLeaf, type Column } from './column.js';
import { countsColumn, countsOf, readable } from './counts.js';

/** The targets that one array holds. */
interface Use {
  readonly names: Set<string>;
  readonly ignoreIndex: number | undefined;
  readonly counts: Float32Array | undefined;
  /** Whether it is one class index per sample, in a list of one, where the output has one answer. */
  readonly isIndex: boolean;
}

/** One column for each array that terms compare outputs with, and for each array of counts. */
export function targetColumns(model: Model, terms: readonly LossTerm[], data: Samples): Column[] {
  const byField = new Map<Field, Use>();
  const counted = new Map<string, Column>();
  for (const term of terms) {
    if (term.loss.whole) return wholeColumns(term.loss.whole, data);
    const { output } = term;
    const { ignoreIndex } = term.loss;
    const name = targetOf(term);
    const field = targetNamed(data, name, output) ?? refuseTarget(data, name, output);
    const use = byField.get(field);
    if (use && use.ignoreIndex !== ignoreIndex) {
      throw new LanewiseError(
        'data',
        `data set '${data.name}': losses of target '${name}' have the ignoreIndex ${use.ignoreIndex ?? 'none'} and ${ignoreIndex ?? 'none'}, expected the same`,
      );
    }
    const counts = use ? use.counts : countsOf(field, term);
    checkTarget(data, term, model.outputs.get(output)!, field, counts);
    byField.set(field, {
      names: (use?.names ?? new Set()).add(name),
      ignoreIndex,
      counts,
      isIndex: isIndex(field, model.outputs.get(output)!) && (use?.isIndex ?? true),
    });
    if (!counts) continue;
    const column = countsColumn(term, counts, field);
    counted.set(column.leaves[0]!, column);
  }
  const targets = [...byField].map(([field, use]) => targetColumn(data.name, field, use));
  return [...targets, ...counted.values()];
}

/** The contents of a data set's targets for one sample, by name. */
export const targetForms = (data: Samples): ReadonlyMap<string, TargetForm> =>
  new Map(
    Object.entries(readableTargets(data)).map(([name, field]) => [
      name,
      {
        shape: field.transforms?.length
          ? planTransforms(field.transforms, field.shape).shape
          : field.shape,
        dtype: hasClasses(field) ? 'i32' : 'f32',
      },
    ]),
  );

/** Unchanged columns, for a loss function that may do anything with them. */
function wholeColumns({ targets }: WholeLoss, data: Samples): Column[] {
  const readable = readableTargets(data);
  return targets.map((name) => {
    const field = readable[name] ?? refuseMissing(data.name, 'target', readable, name);
    const what = `data set '${data.name}', target '${name}'`;
    if (field.weights) {
      throw new LanewiseError(
        'data',
        `${what}: it has weights, which a loss that is a function does not see`,
        'weights of the data set count; or make them a target of their own, and multiply by it',
      );
    }
    if (field.values instanceof Float32Array)
      checkFinite({ what, field, counts: undefined }, 'subset leaves out whole samples');
    return targetColumn(data.name, field, {
      names: new Set([name]),
      ignoreIndex: undefined,
      counts: undefined,
      isIndex: false,
    });
  });
}

/** @throws LanewiseError kind 'data': labels are the target of the current output. */
function refuseTarget({ name: data, targets }: Samples, name: string, output: string): never {
  const { [UNNAMED]: labels, ...named } = targets;
  return refuseMissing(data, 'target', labels ? { [output]: labels } : named, name);
}

const isIndex = (field: Field, { length, 0: first }: Shape): boolean =>
  hasClasses(field) && sizeOf(field.shape) === 1 && length === 1 && first! > 1;

function targetColumn(data: string, field: Field, { names, counts, isIndex }: Use): Column {
  const { weights } = field;
  const shape = isIndex ? [] : field.shape;
  const [name] = names;
  const values = readable(field, counts);
  const scale = values instanceof Uint8Array ? 1 / 255 : 1;
  const integers = hasClasses(field);
  const what = `data set '${data}'`;
  const augmentation = augmentationOf(what, name!, field, integers);
  if (!integers && values instanceof Int32Array) {
    throw new LanewiseError(
      'data',
      `data set '${data}': target '${name}' has Int32Array values, expected Float32Array or Uint8Array`,
      'Float32Array.from(values) makes numbers of them',
    );
  }
  const leaves = [...names].map(targetLeaf);
  if (!augmentation) return plainColumn(leaves, values, integers ? 'i32' : 'f32', shape, scale);
  if (weights?.length === values.length && sizeOf(shape) > 1) {
    throw new LanewiseError(
      'data',
      `data set '${data}': target '${name}' has transforms, and weights of values, which do not go through them`,
      'weights one a sample do',
    );
  }
  const after = planTransforms(augmentation.transforms, shape).shape;
  return { ...plainColumn(leaves, values, 'f32', after), augmentation };
}
