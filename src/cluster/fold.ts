/**
 * The tree of shards, folded from parts of other machines. The node of size 2ᵏ at i covers shards [i, i + 2ᵏ), or fewer at
 * the end, and its sum is left half + right half, whoever computed them: the order of the additions is that of shards.ts, whatever
 * the order of arrival. Siblings are added as soon as both are there.
 */
import type { ShardRange } from '../step/jobs.js';
import { isNode } from '../step/shards.js';

/** The sum of a node that is complete. */
interface Live {
  readonly first: number;
  readonly end: number;
  readonly sum: Float32Array;
}

export interface Fold {
  /**
   * Takes the sum of a node, to which others may then be added. Returns false if the node is in what is there already: the
   * sum is then not taken. Sums of nodes within the new one are given back.
   */
  add(node: ShardRange, sum: Float32Array): boolean;
  /** Whether the node is part of what is there. */
  has(node: ShardRange): boolean;
  /** Shards of a range that are in no part so far, in order. */
  missing(range?: ShardRange): ShardRange[];
  /** Replaces the sums that are held, such as those in memory that is about to be overwritten. */
  move(to: (sum: Float32Array) => Float32Array): void;
  /** The sum of all shards; undefined while one is missing. */
  sum(): Float32Array | undefined;
}

/**
 * The empty tree of `count` shards. At any time it holds at most one sum for each part that has been added; `giveBack` gets
 * those that it does not need any more.
 */
export function createFold(count: number, giveBack: (sum: Float32Array) => void): Fold {
  const live = new Map<number, Live>();

  function has([first, end]: ShardRange): boolean {
    for (let size = 1; ; size *= 2) {
      const found = live.get(first - (first % size));
      if (found && found.end >= end) return true;
      if (size >= count) return false;
    }
  }

  /** Puts a node in place, and adds it to its sibling as long as that is there. */
  function climb(node: Live): void {
    let { first, end, sum } = node;
    for (let size = 1; size < count; size *= 2) {
      // The node is the part of its parent that begins at `first`, and maybe the whole parent.
      if (end - first > size) continue;
      const isLeft = first % (size * 2) === 0;
      if (isLeft && first + size >= count) continue;
      const sibling = live.get(isLeft ? first + size : first - size);
      const siblingEnd = isLeft ? Math.min(first + size * 2, count) : first;
      if (sibling?.end !== siblingEnd) break;
      live.delete(sibling.first);
      const [left, right] = isLeft ? [sum, sibling.sum] : [sibling.sum, sum];
      addTo(left, right);
      giveBack(right);
      sum = left;
      first = Math.min(first, sibling.first);
      end = Math.max(end, sibling.end);
    }
    live.set(first, { first, end, sum });
  }

  return {
    has,
    add(node, sum) {
      const [first, end] = node;
      if (!isNode(node, count))
        throw new Error(`shards ${first}–${end} of ${count} are not a node of the tree`);
      if (has(node)) return false;
      for (const inside of live.values()) {
        if (inside.first < first || inside.end > end) continue;
        live.delete(inside.first);
        giveBack(inside.sum);
      }
      climb({ first, end, sum });
      return true;
    },
    missing([first, end] = [0, count]) {
      const gaps: ShardRange[] = [];
      let at = first;
      for (const node of [...live.values()].toSorted((a, b) => a.first - b.first)) {
        if (node.end <= at || node.first >= end) continue;
        if (node.first > at) gaps.push([at, node.first]);
        at = node.end;
      }
      if (at < end) gaps.push([at, end]);
      return gaps;
    },
    move(to) {
      for (const [first, node] of live) live.set(first, { ...node, sum: to(node.sum) });
    },
    sum() {
      const root = live.get(0);
      return root?.end === count ? root.sum : undefined;
    },
  };
}

/** Adds floats, each sum rounded once, as the kernel does. */
function addTo(to: Float32Array, from: Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i] = to[i]! + from[i]!;
}
