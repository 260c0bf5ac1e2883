/** Augmented columns, whose samples are transformed one at a time by the thread that gathers them. */
import type { Place } from '../data/transforms/draw.js';
import { planTransforms } from '../data/transforms/kinds.js';
import type { Transform } from '../data/transforms/transform.js';
import type { Kernels } from '../engine/wasm.js';
import type { Shape } from '../graph/tensor.js';
import { align } from '../program/program.js';
import type { Gathering } from './gather.js';

/** The transforms of a column's samples. */
export interface Augmentation {
  /** Shape of a stored sample. */
  readonly shape: Shape;
  readonly transforms: readonly Transform[];
}

/** Bytes that a worker needs for a column's transforms: an order of one sample, and the chain's buffers. */
export const augmentBytes = ({ shape, transforms }: Augmentation): number =>
  align(4) + align(planTransforms(transforms, shape).floats * 4);

/** The place of the first sample of a data set that is not trained on: its random transforms are always the same. */
export const UNSEEDED: Readonly<Place> = { key0: 0, key1: 0, step: 0, place: 0 };

/** Writes the leaf's values of `count` samples at `positions` to `to`; `place` is that of the first sample. */
export type Augment = (
  positions: number,
  count: number,
  to: number,
  place: Readonly<Place>,
) => void;

/** Gathers an augmented column, with `augmentBytes` of scratch at `room`; `gather` takes the transformed samples. */
export function createAugment(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  column: Gathering,
  augmentation: Augmentation,
  room: number,
  gather: (from: Gathering, positions: number, count: number, to: number) => void,
): Augment {
  const chain = planTransforms(augmentation.transforms, augmentation.shape);
  const [c, h, w] = augmentation.shape as readonly [number, number, number];
  const { values, isBytes } = column;
  const [C, , , H, W] = column.extents;
  const floats = new Float32Array(memory.buffer);
  // The result is sample 0 of its own array.
  const alone = room;
  const input = room + align(4);
  new Uint32Array(memory.buffer, alone, 1)[0] = 0;
  const at = { key0: 0, key1: 0, step: 0, place: 0 };
  const transform = chain.prepare({ kernels, floats, at: input }, at);
  return (positions, count, to, { key0, key1, step, place }) => {
    at.key0 = key0;
    at.key1 = key1;
    at.step = step;
    for (let n = 0; n < count; n++) {
      at.place = place + n;
      const unit = isBytes ? 1 / 255 : 1;
      kernels.gatherSamples(
        values,
        Number(isBytes),
        positions + n * 4,
        1,
        c,
        h,
        w,
        h,
        w,
        unit,
        0,
        0,
        input,
      );
      const result = { ...column, values: transform(), isBytes: false };
      gather(result, alone, 1, to + n * C * H * W * 4);
    }
  };
}
