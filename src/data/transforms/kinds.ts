/**
 * The registry of the kinds of transforms that this thread knows. A constructor's first call registers its kind, so a
 * page loads the code only of those that it makes. Worker threads, which receive only data, register all (all.ts).
 */
import { LanewiseError, nearest, show } from '../../base/errors.js';
import type { Shape } from '../../graph/tensor.js';
import type { Chain, Kind, Transform } from './transform.js';
import type { WarpPart } from './warp.js';

/** A kind whose settings were made by its own constructor. */
export type AnyKind = Kind<unknown>;

/** A kind that is part of a resampling, whose results are still pixels. */
export interface PartKind {
  readonly part: (transform: Transform) => WarpPart;
}

const known = new Map<string, AnyKind | PartKind>();

type Planner = (transforms: readonly Transform[], shape: Shape) => Chain;

/** The planner of these kinds' transforms, which comes with the first of them. */
let planner: Planner | undefined;

export function register<S>(name: string, kind: Kind<S> | PartKind, plan: Planner): void {
  known.set(name, kind as AnyKind | PartKind);
  planner = plan;
}

/**
 * Plans transforms, one at least, for samples of `shape`.
 * @throws LanewiseError kind 'argument' for a value that is not a transform, 'data' for shapes that do not fit.
 */
export function planTransforms(transforms: readonly Transform[], shape: Shape): Chain {
  // Without a planner no kind is registered either, and this refuses the first transform.
  if (!planner) kindOf(transforms[0]);
  return planner!(transforms, shape);
}

/** @throws LanewiseError kind 'argument' for a value that no constructor made. */
export function kindOf(transform: unknown): AnyKind | PartKind {
  const { kind: name } = (transform ?? {}) as { kind?: unknown };
  if (typeof name !== 'string') {
    throw new LanewiseError(
      'argument',
      `a transform is ${show(transform)}, expected one made by randomAffine, elastic, …`,
    );
  }
  const kind = known.get(name);
  if (kind) return kind;
  throw new LanewiseError(
    'argument',
    `unknown transform '${name}', expected one that its constructor in transforms.… has made`,
    nearest(name, [...known.keys()]),
  );
}

/** Whether a transform's results are still pixels. @throws LanewiseError kind 'argument' for an unregistered kind. */
export function keepsPixels(transform: Transform): boolean {
  const kind = kindOf(transform);
  return 'part' in kind || kind.keepsPixels;
}
