/**
 * Shards of a minibatch and the tree over which their gradients are added. Cuts follow from the settings alone, and the
 * binary tree of shard indices is fixed, no matter which worker computes which shard. Each worker takes consecutive
 * shards and folds the subtrees that it owns whole; all workers together merge the rest.
 */

import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import type { ShardRange } from './jobs.js';

/**
 * Samples of a shard unless `shards` says otherwise. 16 keep a convolutional net's activations in L2; a net
 * with small activations spends its time on weights, and reads each once per shard: it gets twice as many.
 */
const SHARD_SAMPLES = 16;
const LARGE_SHARD_SAMPLES = 32;

/** Bytes of all layers' outputs for one sample up to which they count as small. */
const SMALL_ACTIVATIONS = 8192;

/** Largest number of shards: more would take longer to add up than to compute. */
const MAX_SHARDS = 65_536;

/** Default number of shards of a minibatch of `batch`, which follows from the model's shapes. */
export function defaultShards(model: Model, batch: number): number {
  const { activationBytes: bytes } = model;
  return Math.ceil(batch / (bytes > SMALL_ACTIVATIONS ? SHARD_SAMPLES : LARGE_SHARD_SAMPLES));
}

/** Samples [from, from + count) of a minibatch. */
export interface Shard {
  readonly from: number;
  readonly count: number;
}

/**
 * Cuts `batch` samples into `shards` parts whose sizes differ by at most one; no part is empty.
 * @throws LanewiseError kind 'argument' beyond 65,536 shards.
 */
export function cutShards(batch: number, shards: number): Shard[] {
  const parts = Math.min(shards, batch);
  if (parts > MAX_SHARDS) {
    throw new LanewiseError(
      'argument',
      `a minibatch of ${batch} in ${parts} shards, expected at most ${MAX_SHARDS} shards`,
      'use fewer shards or a smaller batch',
    );
  }
  return Array.from({ length: parts }, (_, s) => {
    const from = Math.floor((s * batch) / parts);
    return { from, count: Math.floor(((s + 1) * batch) / parts) - from };
  });
}

/** Whether shards [first, end) of `count` are a node of the tree, whose sum does not depend on the others. */
export function isNode([first, end]: ShardRange, count: number): boolean {
  let size = 1;
  while (size < end - first) size *= 2;
  const isWhole = end - first === size || end === count;
  return first >= 0 && first < end && end <= count && first % size === 0 && isWhole;
}

/** A gradient buffer of one worker. */
export interface Slot {
  readonly rank: number;
  readonly slot: number;
}

/** The place of a minibatch's gradient: the first worker always has the tree's first shard. */
export const ROOT: Slot = { rank: 0, slot: 0 };

export type Action =
  /** Compute the shard's gradients into the slot. */
  | { readonly kind: 'gradient'; readonly shard: number; readonly slot: number }
  /** Slot `to` += slot `from`. */
  | { readonly kind: 'fold'; readonly to: number; readonly from: number };

/** The sum of consecutive shards that are a node of the tree, and where it is. */
export interface Root {
  /** Numbers of the shards within the whole minibatch. */
  readonly node: ShardRange;
  readonly slot: Slot;
}

/** The schedule of a minibatch, or of some of its shards: each worker's own actions, then the merges across workers. */
export interface StepSchedule {
  /** The shards that are computed. */
  readonly shards: readonly Shard[];
  readonly actions: readonly (readonly Action[])[];
  /** Merges in order; each adds `from` to `to`, and every worker does its slice of the parameters. */
  readonly merges: readonly { readonly to: Slot; readonly from: Slot }[];
  /** The sums, in order: one for a whole minibatch, and the largest nodes that make up the range otherwise. */
  readonly roots: readonly Root[];
  /** Number of gradient buffers per worker. */
  readonly slots: number;
}

/**
 * The schedule of a minibatch of `shards` for `workers`, or for the first ones if there are fewer shards; with a `range`, of
 * these shards alone. The tree's node of size 2ᵏ at i covers shards [i, i + 2ᵏ): its sum is left half + right half, no
 * matter which worker, or machine, computes it.
 */
export function scheduleStep(
  shards: readonly Shard[],
  workers: number,
  range: ShardRange = [0, shards.length],
): StepSchedule {
  const [first, end] = range;
  const count = end - first;
  const hands = Math.min(workers, count);
  const owner = (shard: number): number => Math.floor(((shard - first) * hands) / count);
  const actions: Action[][] = Array.from({ length: workers }, () => []);
  const nextSlot = Array.from({ length: workers }, () => 0);
  const merges: { to: Slot; from: Slot }[] = [];
  let slots = 1;

  /** Computes the node into `slot` of one worker, with the slots above it as scratch. */
  function fold(rank: number, lo: number, size: number, slot: number): void {
    slots = Math.max(slots, slot + 1);
    if (size === 1) {
      actions[rank]!.push({ kind: 'gradient', shard: lo - first, slot });
      return;
    }
    const half = size / 2;
    fold(rank, lo, half, slot);
    if (lo + half >= shards.length) return;
    fold(rank, lo + half, half, slot + 1);
    actions[rank]!.push({ kind: 'fold', to: slot, from: slot + 1 });
  }

  function place(lo: number, size: number): Slot {
    const rank = owner(lo);
    if (owner(Math.min(lo + size, shards.length) - 1) === rank) {
      const slot = nextSlot[rank]!++;
      fold(rank, lo, size, slot);
      return { rank, slot };
    }
    const half = size / 2;
    const to = place(lo, half);
    if (lo + half >= shards.length) return to;
    merges.push({ to, from: place(lo + half, half) });
    return to;
  }

  const roots = nodesOf(range, shards.length).map((node) => {
    let size = 1;
    while (size < node[1] - node[0]) size *= 2;
    return { node, slot: place(node[0], size) };
  });
  return { shards: shards.slice(first, end), actions, merges, roots, slots };
}

/** The largest nodes of a tree of `count` shards that make up a range, in order. */
export function nodesOf([first, end]: ShardRange, count: number): ShardRange[] {
  const nodes: ShardRange[] = [];
  for (let lo = first; lo < end;) {
    let size = 1;
    while (lo % (size * 2) === 0 && size < count - lo && Math.min(lo + size * 2, count) <= end)
      size *= 2;
    const node = [lo, Math.min(lo + size, count)] as const;
    nodes.push(node);
    lo = node[1];
  }
  return nodes;
}

/**
 * Gradient buffers of a worker that suffice for any range of `count` shards: those of the largest nodes before a node of half
 * of the tree, and that node's own.
 */
export function rangeSlots(count: number): number {
  let levels = 0;
  while (2 ** levels < count) levels++;
  return Math.max(levels + 1, 2 * levels - 1);
}
