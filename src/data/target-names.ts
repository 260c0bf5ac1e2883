/** Class names of targets that hold class indices, assigned to targets and checked. */
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Field, TensorDataset } from './dataset.js';

/** Names in the order of their indices, by target. */
export type NamesByTarget = Readonly<Record<string, readonly string[]>>;

/** Whether a field holds class indices. */
export const hasClasses = ({ values, as = 'classes' }: Field): boolean =>
  !(values instanceof Float32Array) && as === 'classes';

/** Whether names say no more than the indices: 0, 1, 2 …, the default names of classes. */
export const areNumbers = (names: readonly string[]): boolean =>
  names.every((name, c) => name === String(c));

/**
 * The class names of a data set by target. A list belongs to the only target with class indices.
 * @throws LanewiseError kind 'data' for invalid names, for names of an unknown target, and for a list that could belong
 * to several.
 */
export function namesByTarget({
  name,
  targets,
  classes,
}: Pick<TensorDataset, 'name' | 'targets' | 'classes'>): NamesByTarget {
  if (classes === undefined) return {};
  const refuse = (what: string) => new LanewiseError('data', `data set '${name}': ${what}`);
  const known = Object.keys(targets).filter((target) => hasClasses(targets[target]!));
  if (Array.isArray(classes) && known.length > 1)
    throw refuse(
      `classes is one list, and targets ${known.join(', ')} hold classes: expected a list for each, { ${known[0]}: […] }`,
    );
  const lists: readonly (readonly [string, readonly string[]])[] = Array.isArray(classes)
    ? known.map((target) => [target, classes as readonly string[]])
    : Object.entries(Object(classes) as NamesByTarget);
  for (const [target, list] of lists) {
    if (!known.includes(target))
      throw refuse(
        `classes has names for '${target}', expected a target that holds class indices: ${known.join(', ') || 'there is none'}`,
      );
    checkNames(`data set '${name}': classes of '${target}'`, list);
  }
  return Object.fromEntries(lists);
}

/** @throws LanewiseError kind 'data' for a value that is not a list of texts. */
export function checkNames(what: string, list: unknown): void {
  if (!Array.isArray(list))
    throw new LanewiseError('data', `${what} are ${quote(list)}, expected a list of names`);
  const wrong = list.findIndex((one) => typeof one !== 'string');
  if (wrong >= 0)
    throw new LanewiseError(
      'data',
      `${what} have ${quote(list[wrong])} at ${wrong}, expected names`,
    );
}
