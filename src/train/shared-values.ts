/**
 * Parameter values that several steppers share. Each stepper keeps them in its own memory, where its programs expect
 * them, and before it uses them it copies those that another has changed.
 */
import { LanewiseError } from '../base/errors.js';
import { showShape, type Shape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';

/** Steppers that share values and take turns. */
export interface SharedGroup {
  /** Resolves when no call is running. */
  queue: Promise<unknown>;
  /** Calls running or waiting. */
  calls: number;
  /** Where the newest values are, by name. */
  readonly newest: Map<string, { readonly shape: Shape; values: Float32Array; version: number }>;
}

export const createGroup = (): SharedGroup => ({
  queue: Promise.resolve(),
  calls: 0,
  newest: new Map(),
});

/** Runs `work` after all earlier calls. */
export function inTurn<Result>(
  group: SharedGroup,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  group.calls++;
  const done = group.queue.then(work).finally(() => group.calls--);
  group.queue = done.catch(() => {});
  return done;
}

/** @throws LanewiseError kind 'argument' while a call is running, when values are neither old nor new. */
export function checkIdle({ calls }: SharedGroup, owner: string): void {
  if (calls === 0) return;
  throw new LanewiseError(
    'argument',
    `${owner} while a step or another call is at work`,
    'await it first',
  );
}

/** One stepper of a group. */
export interface GroupMember {
  /** Copies values that others have changed to `own`. */
  pull(own: Weights): void;
  /** Marks the values of these names in `own` as the newest. */
  push(own: Weights, names: Iterable<string>): void;
  /** Records that values have moved to other memory. */
  move(from: Weights, to: Weights): void;
}

/**
 * @param own the model's parameters, which become the group's where it lacks that name
 * @param given names of those that are not drawn
 * @throws LanewiseError kind 'argument' for given values that the group has already, a parameter that has another shape
 * in it, and a model without a parameter of it.
 */
export function joinGroup(
  { newest }: SharedGroup,
  model: Model,
  own: Weights,
  given: Iterable<string>,
): GroupMember {
  checkShared(newest, model);
  const names = model.parameters.map(({ name }) => name);
  for (const name of given) {
    if (!newest.has(name)) continue;
    throw new LanewiseError(
      'argument',
      `createStepper: weights has '${name}', whose values come from share`,
      'leave it out, or setWeights later, for both',
    );
  }
  /** Versions of the values in this stepper's memory. */
  const versions = new Map<string, number>();
  for (const { name, shape } of model.parameters) {
    if (newest.has(name)) continue;
    newest.set(name, { shape, values: own.get(name)!, version: 0 });
    versions.set(name, 0);
  }
  return {
    pull(into) {
      for (const name of names) {
        const { values, version } = newest.get(name)!;
        if (versions.get(name) === version) continue;
        into.get(name)!.set(values);
        versions.set(name, version);
      }
    },
    push(from, changed) {
      for (const name of changed) {
        const known = newest.get(name)!;
        known.values = from.get(name)!;
        versions.set(name, ++known.version);
      }
    },
    move(from, to) {
      for (const name of names) {
        const known = newest.get(name)!;
        if (known.values === from.get(name)) known.values = to.get(name)!;
      }
    },
  };
}

function checkShared(newest: SharedGroup['newest'], { parameters }: Model): void {
  if (newest.size === 0) return;
  const shared = parameters.filter(({ name }) => newest.has(name));
  const refuse = (message: string, hint: string) =>
    new LanewiseError('argument', `createStepper: ${message}`, hint);
  if (shared.length === 0) {
    const listed = (names: Iterable<string>) => [...names].join(', ');
    throw refuse(
      `the model has no parameter of share: ${listed(parameters.map(({ name }) => name))}; share has ${listed(newest.keys())}`,
      'parameters are shared by name: give the layers the same names in both models',
    );
  }
  for (const { name, shape } of shared) {
    const [own, other] = [shape, newest.get(name)!.shape].map(showShape);
    if (own === other) continue;
    throw refuse(
      `parameter '${name}' is ${own}, and ${other} in share`,
      'give a layer of another shape another name',
    );
  }
}
