/**
 * Parts of a step as they arrive: put together piece by piece, one at a time a machine. A machine's pieces come in order. At most a window of
 * them is under way, as what has been taken is credited. Buffers are used again: there are as many as machines that send and
 * sums that wait for their siblings.
 */
import { LanewiseError } from '../base/errors.js';
import { STEP_FIGURES } from '../feed/layout.js';
import type { ShardRange } from '../step/jobs.js';
import type { PartPiece } from './cluster-messages.js';
import { addPiece, beginAssembly, checkFirst, type Assembly } from './message-pieces.js';

/** A part that is complete. */
export interface Part {
  readonly machine: string;
  readonly node: ShardRange;
  /** STEP_FIGURES of each shard, and the sum of the gradients: views of a buffer that is the taker's until it is given back. */
  readonly figures: Float32Array;
  readonly sum: Float32Array;
  /** All of it. */
  readonly whole: Uint8Array<ArrayBuffer>;
  /** Milliseconds that the machine took, for so many shards. */
  readonly ms: number;
  readonly shards: number;
}

interface Sender {
  readonly node: ShardRange;
  readonly assembly: Assembly;
}

export interface Collector {
  /** Parts of another sending of a step are collected: what was begun is dropped. */
  begin(): void;
  /**
   * Adds a piece of the step's; the part, if it is complete.
   * @throws LanewiseError kind 'data' for a piece that does not fit what was begun.
   */
  add(machine: string, piece: PartPiece, bytes: Uint8Array): Part | undefined;
  /** Counts a piece that was taken, wanted or not; how many more the machine may now send: half a window at a time, or 0. */
  credit(machine: string, window: number): number;
  /** A machine sends no more. */
  forget(machine: string): void;
  /** Takes the buffer of a part back, by its sum; other memory is left alone. */
  giveBack(sum: Float32Array): void;
}

/**
 * Collects parts of the steps of a run.
 * @param gradientBytes bytes of a sum
 * @param shards shards of a step, at most
 */
export function createCollector(gradientBytes: number, shards: number): Collector {
  const senders = new Map<string, Sender>();
  const taken = new Map<string, number>();
  const own = new WeakSet<ArrayBufferLike>();
  const free: ArrayBuffer[] = [];
  const capacity = shards * STEP_FIGURES * 4 + gradientBytes;

  function begin(machine: string, piece: PartPiece, bytes: Uint8Array): Sender {
    const { node } = piece;
    const expected = (node[1] - node[0]) * STEP_FIGURES * 4 + gradientBytes;
    checkFirst(machine, piece, bytes, expected);
    const buffer = free.pop() ?? new ArrayBuffer(capacity);
    own.add(buffer);
    const memory = new Uint8Array(buffer, 0, expected);
    const sender = { node, assembly: beginAssembly(machine, piece, bytes, expected, memory) };
    senders.set(machine, sender);
    return sender;
  }

  function forget(machine: string): void {
    const sender = senders.get(machine);
    if (sender) free.push(sender.assembly.whole.buffer);
    senders.delete(machine);
  }

  return {
    forget,
    begin() {
      taken.clear();
      for (const machine of senders.keys()) forget(machine);
    },
    credit(machine, window) {
      const count = (taken.get(machine) ?? 0) + 1;
      const isDue = count >= Math.max(1, window >> 1);
      taken.set(machine, isDue ? 0 : count);
      return isDue ? count : 0;
    },
    add(machine, piece, bytes) {
      const known = senders.get(machine);
      const isNew = known?.node[0] !== piece.node[0] || known.node[1] !== piece.node[1];
      if (isNew || piece.piece === 0) {
        forget(machine);
        if (piece.piece !== 0)
          throw new LanewiseError(
            'data',
            `a part of ${machine} begins with piece ${piece.piece + 1}, expected its first`,
          );
      }
      const { node, assembly } = senders.get(machine) ?? begin(machine, piece, bytes);
      if (!addPiece(machine, assembly, piece, bytes)) return undefined;
      senders.delete(machine);
      const { whole } = assembly;
      const figures = (node[1] - node[0]) * STEP_FIGURES;
      return {
        machine,
        node,
        figures: new Float32Array(whole.buffer, 0, figures),
        sum: new Float32Array(whole.buffer, figures * 4, gradientBytes / 4),
        whole,
        ms: piece.ms,
        shards: piece.shards,
      };
    },
    giveBack({ buffer }) {
      if (own.has(buffer)) free.push(buffer as ArrayBuffer);
    },
  };
}
