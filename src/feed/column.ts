/** One array of a data set, and what turns its values into a leaf's. */
import type { Field } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import { sizeOf, type DType, type Shape } from '../graph/tensor.js';
import type { Augmentation } from './augment.js';

/** A leaf of a program: `input x`, `target y` or `weights`. */
export type LeafName = string;

export const inputLeaf = (name: string): LeafName => `input ${name}`;
export const targetLeaf = (target: string): LeafName => `target ${target}`;
export const WEIGHTS: LeafName = 'weights';

/** What a column is for programs: the leaves, and what they hold of one sample. */
export type LeafSpec = Pick<Column, 'leaves' | 'dtype' | 'shape'>;

/** One array of a data set; see assembly/gather.ts. */
export interface Column {
  /** The leaves it is gathered for; targets of several outputs may be one array. */
  readonly leaves: readonly LeafName[];
  readonly values: Uint8Array | Int32Array | Float32Array;
  /** What the leaf holds, and its shape for one sample. */
  readonly dtype: DType;
  readonly shape: Shape;
  /** Absent where samples are gathered as they are stored. */
  readonly augmentation?: Augmentation;
  /** Channels, height and width of a sample (after its transforms) and of the leaf, which frames it. */
  readonly extents: readonly [C: number, h: number, w: number, H: number, W: number];
  /** The leaf's value is scale·v + shift; `border` around it. Not for whole numbers. */
  readonly scale: number;
  readonly shift: number;
  readonly border: number;
  /** In place of the three: what each channel has of its own. */
  readonly scales?: ChannelScales;
}

/** The leaf's value of channel c is (v·unit − pairs[2c])·pairs[2c + 1], v = 0 around it. */
export interface ChannelScales {
  readonly unit: number;
  /** Mean and factor of each channel. */
  readonly pairs: Float32Array;
}

/** Values of one stored sample. */
export const storedSize = ({ augmentation, extents: [C, h, w] }: Column): number =>
  augmentation ? sizeOf(augmentation.shape) : C * h * w;

/** Absent without transforms. @throws LanewiseError kind 'data' for transforms of whole numbers. */
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

/** Values as they are; bytes as `scale` of them. */
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
