/**
 * The kinds of transforms that this thread knows: each is known once its constructor has been called, so that a page has
 * the code of those that it makes, and no others. Worker threads, which only get the data, know all (all.ts).
 */
import { LanewiseError, nearest } from '../../base/errors.js';
import type { Kind, Transform } from './transform.js';
import type { WarpPart } from './warp.js';

/** A kind whose settings are of its own constructor's making. */
export type AnyKind = Kind<unknown>;

/** A kind that is part of a resampling, whose results are pixels again. */
export interface PartKind {
  readonly part: (transform: Transform) => WarpPart;
}

const known = new Map<string, AnyKind | PartKind>();

/** A kind is known by this name from now on. */
export const know = <S>(name: string, kind: Kind<S> | PartKind): void =>
  void known.set(name, kind as AnyKind | PartKind);

/** A transform, whose kind is known from now on. */
export function make<S>(
  name: string,
  kind: Kind<S> | PartKind,
  settings: Transform['settings'],
): Transform {
  know(name, kind);
  return { kind: name, settings };
}

/** @throws LanewiseError kind 'argument' for one that is not known. */
export function kindOf(name: string): AnyKind | PartKind {
  const kind = known.get(name);
  if (kind) return kind;
  throw new LanewiseError(
    'argument',
    `unknown transform '${name}', expected one that its constructor in transforms.… has made`,
    nearest(name, [...known.keys()]),
  );
}

/** Whether what a transform makes of pixels are pixels again. @throws LanewiseError kind 'argument' for one that is not known. */
export function keepsPixels({ kind: name }: Transform): boolean {
  const kind = kindOf(name);
  return 'part' in kind || kind.keepsPixels;
}
