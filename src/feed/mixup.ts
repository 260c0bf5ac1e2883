/**
 * Mixup (Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization"), blending samples in pairs. A step draws a
 * share l ~ Beta(alpha, alpha) and trains on x = l·xᵢ + (1 − l)·xⱼ with the loss l·loss(yᵢ) + (1 − l)·loss(yⱼ). Sample
 * i of a minibatch of B has the partner j = B − 1 − i, so each pair is trained on twice, with l and 1 − l exchanged.
 */
import type { Kernels } from '../engine/wasm.js';
import { sizeOf } from '../graph/tensor.js';
import { align } from '../program/program.js';
import { createBeta } from '../random/beta.js';
import { purpose } from '../random/purposes.js';
import type { Place } from '../data/transforms/draw.js';
import { UNSEEDED } from './augment.js';
import type { LeafName, LeafSpec } from './column.js';
import type { PlacedColumn } from './dataset-plan.js';
import type { ColumnGather } from './gathers.js';
import type { IoLayout } from './layout.js';

/** The setting `mixup`, which blends samples. */
export interface Mixup {
  /** Parameter of the beta distribution: near 0 most shares are near 0 or 1, 1 is uniform, above 1 they are near ½. */
  readonly alpha: number;
}

/** l and 1 − l, once for each sample of a shard. */
export const SHARE: LeafName = 'mixup share';
export const REST: LeafName = 'mixup rest';

/** The leaf of the partners' targets or weights. */
export const partnerLeaf = (leaf: LeafName): LeafName => `partner ${leaf}`;

const isInput = ({ leaves }: LeafSpec): boolean => leaves[0]!.startsWith('input ');

/** The leaves of a mixed shard: inputs are blended in place, all others have the partners' beside them. */
export const mixedLeaves = (columns: readonly LeafSpec[]): LeafSpec[] => [
  ...columns,
  ...columns
    .filter((column) => !isInput(column))
    .map(({ leaves, dtype, shape }) => ({ leaves: leaves.map(partnerLeaf), dtype, shape })),
  { leaves: [SHARE], dtype: 'f32', shape: [] },
  { leaves: [REST], dtype: 'f32', shape: [] },
];

/** Bytes that a worker needs for a partner's inputs, one at a time. */
export const mixupBytes = (columns: readonly LeafSpec[]): number =>
  align(Math.max(...columns.filter(isInput).map(({ shape }) => sizeOf(shape) * 4)));

/** Mixes the `count` samples from place `from` on, of a minibatch of `size` at `positions`. */
export type Mix = (
  positions: number,
  size: number,
  from: number,
  count: number,
  place: Readonly<Place>,
) => void;

/**
 * Mixes gathered samples.
 * @param gathers one per column, in order
 * @param batch address of the worker's leaves
 * @param scratch `mixupBytes` of the worker's own memory
 */
export function createMix(
  { alpha }: Mixup,
  kernels: Kernels,
  columns: readonly PlacedColumn[],
  gathers: readonly ColumnGather[],
  { leaves }: IoLayout,
  batch: number,
  scratch: number,
): Mix {
  const draw = createBeta(alpha, purpose.mixup);
  const [shares, rests] = [SHARE, REST].map((leaf) => batch + leaves.get(leaf)!) as [
    number,
    number,
  ];
  const sizes = columns.map(({ extents: [C, , , H, W] }) => C * H * W);
  const at = { ...UNSEEDED };
  return (positions, size, from, count, { key0, key1, step }) => {
    const share = Math.fround(draw(step, key0, key1));
    const rest = Math.fround(1 - share);
    kernels.fill(shares, count, share);
    kernels.fill(rests, count, rest);
    at.key0 = key0;
    at.key1 = key1;
    at.step = step;
    for (let n = 0; n < count; n++) {
      // The partner keeps its own place, so its transforms draw the same as without mixup.
      at.place = size - 1 - from - n;
      const position = positions + at.place * 4;
      for (let c = 0; c < columns.length; c++) {
        const { to, partner } = columns[c]!;
        const offset = n * sizes[c]! * 4;
        if (partner !== undefined) {
          gathers[c]!(position, 1, batch + partner + offset, at);
          continue;
        }
        gathers[c]!(position, 1, scratch, at);
        kernels.blend(sizes[c]!, batch + to + offset, scratch, share, rest);
      }
    }
  };
}
