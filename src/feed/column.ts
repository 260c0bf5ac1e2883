/** A column: one array of a data set, and the conversion of its values to a leaf's. */
import type { Field } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import { sizeOf, type DType, type Shape } from '../graph/tensor.js';
import type { Augmentation } from './augment.js';

/** A leaf of a program: `input x`, `target y` or `weights`. */
export type LeafName = string;

export const inputLeaf = (name: string): LeafName => `input ${name}`;
export const targetLeaf = (target: string): LeafName => `target ${target}`;
export const WEIGHTS: LeafName = 'weights';

/** A column as programs see it: the leaves, and their contents for one sample. */
export type LeafSpec = Pick<Column, 'leaves' | 'dtype' | 'shape'>;

/** One array of a data set; see assembly/gather.ts. */
export interface Column {
  /** The leaves it is gathered for; targets of several outputs may share one array. */
  readonly leaves: readonly LeafName[];
  readonly values: Uint8Array | Int32Array | Float32Array;
  /** Type of the leaf, and its shape for one sample. */
  readonly dtype: DType;
  readonly shape: Shape;
  /** Absent if samples are gathered untransformed. */
  readonly augmentation?: Augmentation;
  /** Channels, height and width of a sample (after its transforms) and of the leaf, which frames it. */
  readonly extents: readonly [C: number, h: number, w: number, H: number, W: number];
  /** The leaf's value is scale·v + shift, with `border` around it. Not for whole numbers. */
  readonly scale: number;
  readonly shift: number;
  readonly border: number;
  /** Instead of the three: values per channel. */
  readonly scales?: ChannelScales;
}

/** The leaf's value of channel c is (v·unit − pairs[2c])·pairs[2c + 1], v = 0 around it. */
export interface ChannelScales {
  readonly unit: number;
  /** Mean and factor of each channel. */
  readonly pairs: Float32Array;
}

/** Number of values in one stored sample. */
export const storedSize = ({ augmentation, extents: [C, h, w] }: Column): number =>
  augmentation ? sizeOf(augmentation.shape) : C * h * w;

/** The augmentation; absent without transforms. @throws LanewiseError kind 'data' for transforms of whole numbers. */
export function augmentationOf(
  what: string,
  name: string,
  { shape, values, transforms = [] }: Field,
  isWhole: boolean,
): Augmentation | undefined {
  if (transforms.length === 0) return undefined;
  if (!isWhole && !(values instanceof Int32Array)) return { shape, transforms };
  throw new LanewiseError(
    'data',
    `${what}: '${name}' has transforms and whole numbers, expected images in a Uint8Array or Float32Array`,
  );
}

/** A column of unchanged values; bytes are multiplied by `scale`. */
export const plainColumn = (
  leaves: readonly LeafName[],
  values: Column['values'],
  dtype: DType,
  shape: Shape,
  scale = 1,
): Column => {
  const size = sizeOf(shape);
  return {
    leaves,
    values,
    dtype,
    shape,
    extents: [1, 1, size, 1, size],
    scale,
    shift: 0,
    border: 0,
  };
};

/** @throws LanewiseError kind 'data' for a field that a data set lacks. */
export function refuseMissing(
  data: string,
  role: 'input' | 'target',
  fields: Readonly<Record<string, Field>>,
  name: string,
): never {
  throw new LanewiseError(
    'data',
    `data set '${data}' has no ${role} '${name}', found ${Object.keys(fields).join(', ') || 'none'}`,
  );
}
