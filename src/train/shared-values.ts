/**
 * Values of parameters that several steppers have in common. Each keeps them in its own memory, where its programs want
 * them; who is about to use them first copies those that another has changed since.
 */
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';

/** Steppers that share values, and take turns. */
export interface SharedGroup {
  /** Resolves when nobody is at work. */
  queue: Promise<unknown>;
  /** Calls at work or waiting. */
  calls: number;
  /** By name and shape, where the newest values stand. */
  readonly newest: Map<string, { values: Float32Array; version: number }>;
}

export const createGroup = (): SharedGroup => ({
  queue: Promise.resolve(),
  calls: 0,
  newest: new Map(),
});

/** Does `work` when all calls before it are over. */
export function inTurn<Result>(
  group: SharedGroup,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  group.calls++;
  const done = group.queue.then(work).finally(() => group.calls--);
  group.queue = done.catch(() => {});
  return done;
}

/** @throws LanewiseError kind 'argument' while a call is at work, whose values are neither old nor new. */
export function checkIdle({ calls }: SharedGroup, owner: string): void {
  if (calls === 0) return;
  throw new LanewiseError(
    'argument',
    `${owner} while a step or another call is at work`,
    'await it first',
  );
}

/** One of the steppers of a group. */
export interface GroupMember {
  /** Copies what others have changed to `own`. */
  pull(own: Weights): void;
  /** Says that the values of these names in `own` are the newest. */
  push(own: Weights, names: Iterable<string>): void;
  /** Says that values stand elsewhere from now on. */
  move(from: Weights, to: Weights): void;
}

/**
 * @param own values of the model's parameters: the group's where it has none of that name and shape
 * @param given names of those that are not drawn
 * @throws LanewiseError kind 'argument' for values that are given where the group has some.
 */
export function joinGroup(
  { newest }: SharedGroup,
  model: Model,
  own: Weights,
  given: Iterable<string>,
): GroupMember {
  const keys = new Map(
    model.parameters.map(({ name, shape }) => [name, `${name} ${shape.join()}`]),
  );
  for (const name of given) {
    if (!newest.has(keys.get(name)!)) continue;
    throw new LanewiseError(
      'argument',
      `createStepper: weights has '${name}', whose values are those of share`,
      'leave it out, or setWeights later, for both',
    );
  }
  /** Versions of the values in this one's memory. */
  const versions = new Map<string, number>();
  for (const [name, key] of keys) {
    if (newest.has(key)) continue;
    newest.set(key, { values: own.get(name)!, version: 0 });
    versions.set(name, 0);
  }
  return {
    pull(into) {
      for (const [name, key] of keys) {
        const { values, version } = newest.get(key)!;
        if (versions.get(name) === version) continue;
        into.get(name)!.set(values);
        versions.set(name, version);
      }
    },
    push(from, names) {
      for (const name of names) {
        const known = newest.get(keys.get(name)!)!;
        known.values = from.get(name)!;
        versions.set(name, ++known.version);
      }
    },
    move(from, to) {
      for (const [name, key] of keys) {
        const known = newest.get(key)!;
        if (known.values === from.get(name)) known.values = to.get(name)!;
      }
    },
  };
}
