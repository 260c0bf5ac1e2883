/**
 * The digest of a run's state after each step (assembly/digest.ts), for runs with a receipt. The state is one sequence of
 * words: the parameters segment, then the optimizer's arrays, then the average; what is between tensors does not count.
 * Each worker adds up the words of its own slice, once it has updated them.
 */
import { baseOf } from '../feed/layout.js';
import { randomStream } from '../random/philox.js';
import { purpose } from '../random/purposes.js';
import type { ParameterEntry } from './parameters.js';
import type { RunMemory } from './run-memory.js';
import type { RunPlan } from './run-plan.js';

/** Two numbers mod 2⁶⁴. */
export type Digest = readonly [bigint, bigint];

/** Bytes of a digest, of a line, and of the keys, one word for each word of a block. */
const DIGEST_BYTES = 16;
const LINE_BYTES = 64;
const KEY_BYTES = 4096;

/** Bytes of the region `digests`: the keys, then rows of one digest a worker. */
export const digestBytes = (workers: number, rows: number): number =>
  KEY_BYTES + rows * workers * DIGEST_BYTES;

/** Writes the keys, the same for all runs. */
export function writeKeys({ plan, memory }: RunMemory): void {
  const keys = new Uint32Array(memory.buffer, plan.digests!.keys, KEY_BYTES / 4);
  const { word } = randomStream(0, purpose.digest, 0);
  for (let i = 0; i < keys.length; i++) keys[i] = word();
}

/** Words in a row: their address, and the line of the state that the first of them begins. */
interface Stretch {
  readonly at: number;
  readonly count: number;
  readonly line: number;
}

type Places = Pick<RunPlan, 'parameters' | 'update' | 'memory'>;

/** The words of the wanted parameters, of their optimizer arrays and averages, in bytes [from, end) of the layout. */
function stretchesOf(
  { parameters, update, memory }: Places,
  [from, end]: readonly [number, number],
  isWanted: (entry: ParameterEntry) => boolean,
): Stretch[] {
  const { stateArrays, averageOffset } = update!;
  const [weights, state] = [baseOf(memory, 'parameters'), baseOf(memory, 'state')];
  const { bytes, trainedBytes } = parameters;
  // Where each copy of the layout is in memory, and in the state.
  const optimizer = Array.from({ length: stateArrays }, (_, i) => [
    state + i * trainedBytes,
    bytes + i * trainedBytes,
  ]);
  const average =
    averageOffset === undefined
      ? []
      : [[state + averageOffset, bytes + stateArrays * trainedBytes]];
  return parameters.entries.filter(isWanted).flatMap(({ offset, count, role }) => {
    const first = Math.max(offset, from);
    const bytesWithin = Math.min(offset + count * 4, end) - first;
    if (bytesWithin <= 0) return [];
    const copies = [
      [weights, 0],
      ...(role === 'trained' ? optimizer : []),
      ...(role === 'fixed' ? [] : average),
    ];
    return copies.map(([base, place]) => ({
      at: base! + first,
      count: bytesWithin / 4,
      line: (place! + first) / LINE_BYTES,
    }));
  });
}

const isChanging = ({ role }: ParameterEntry): boolean => role !== 'fixed';

/** The digests of a run: addresses of the keys and the rows, and the words of which each worker digests. */
export interface DigestPlan {
  readonly keys: number;
  readonly rows: number;
  readonly stretches: readonly (readonly Stretch[])[];
}

export function planDigests(plan: Places): DigestPlan {
  const keys = baseOf(plan.memory, 'digests');
  return {
    keys,
    rows: keys + KEY_BYTES,
    stretches: plan.update!.slices.map(({ from, bytes }) =>
      stretchesOf(plan, [from, from + bytes], isChanging),
    ),
  };
}

/** The sum of the workers' digests in a row: of all that a step can change. */
export function readDigest({ plan, memory }: RunMemory, row: number): Digest {
  const at = plan.digests!.rows + row * plan.workers * DIGEST_BYTES;
  const words = new BigUint64Array(memory.buffer, at, 2 * plan.workers);
  let [first, second] = [0n, 0n];
  for (let i = 0; i < words.length; i += 2) {
    first += words[i]!;
    second += words[i + 1]!;
  }
  return [BigInt.asUintN(64, first), BigInt.asUintN(64, second)];
}

/** The digest of the state as it is now, or of what no step changes alone. No worker may be at work. */
export function digestNow({ plan, kernels, memory }: RunMemory, part: 'all' | 'fixed'): Digest {
  const { keys, rows } = plan.digests!;
  const isWanted = part === 'all' ? () => true : (entry: ParameterEntry) => !isChanging(entry);
  const sums = new BigUint64Array(memory.buffer, rows, 2).fill(0n);
  for (const { at, count, line } of stretchesOf(plan, [0, plan.parameters.bytes], isWanted))
    kernels.digest(at, count, line, keys, rows);
  return [sums[0]!, sums[1]!];
}
