/**
 * The registry of the kinds of transforms that this thread knows. A constructor's first call registers its kind, so a
 * page loads the code only of those that it makes. Worker threads, which receive only data, register all (all.ts).
 */
import { LanewiseError, nearest } from '../../base/errors.js';
import type { Kind, Transform } from './transform.js';
import type { WarpPart } from './warp.js';

/** A kind whose settings were made by its own constructor. */
export type AnyKind = Kind<unknown>;

/** A kind that is part of a resampling, whose results are still pixels. */
export interface PartKind {
  readonly part: (transform: Transform) => WarpPart;
}

const known = new Map<string, AnyKind | PartKind>();

/** Registers a kind by name. */
export const know = <S>(name: string, kind: Kind<S> | PartKind): void =>
  void known.set(name, kind as AnyKind | PartKind);

/** Makes a transform and registers its kind. */
export function make<S>(
  name: string,
  kind: Kind<S> | PartKind,
  settings: Transform['settings'],
): Transform {
  know(name, kind);
  return { kind: name, settings };
}

/** @throws LanewiseError kind 'argument' for an unregistered name. */
export function kindOf(name: string): AnyKind | PartKind {
  const kind = known.get(name);
  if (kind) return kind;
  throw new LanewiseError(
    'argument',
    `unknown transform '${name}', expected one that its constructor in transforms.… has made`,
    nearest(name, [...known.keys()]),
  );
}

/** Whether a transform's results are still pixels. @throws LanewiseError kind 'argument' for an unregistered kind. */
export function keepsPixels({ kind: name }: Transform): boolean {
  const kind = kindOf(name);
  return 'part' in kind || kind.keepsPixels;
}
