/** Makes transforms. The planner comes with the first, so a page that makes none does not load it. */
import { planChain } from './chain.js';
import { register, type PartKind } from './kinds.js';
import type { Kind, Transform } from './transform.js';

/** Registers a kind by name, and the planner. */
export const know = <S>(name: string, kind: Kind<S> | PartKind): void =>
  register(name, kind, planChain);

/** Makes a transform and registers its kind. */
export function make<S>(
  name: string,
  kind: Kind<S> | PartKind,
  settings: Transform['settings'],
): Transform {
  know(name, kind);
  return { kind: name, settings };
}
