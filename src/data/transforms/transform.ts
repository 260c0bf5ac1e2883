/**
 * The types of transforms: plain data, made by a constructor and posted to the workers, and for each kind its
 * functions. The functions compute the resulting shape and transform one sample.
 */
import type { Kernels } from '../../engine/wasm.js';
import type { Draw, Place } from './draw.js';

/** Channels, height and width of a sample. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** A step from a stored sample to a model's input; see docs/augmentation.md. */
export interface Transform {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The workspace of a kind: the kernels on a worker's memory, and scratch in it. */
export interface Bench {
  readonly kernels: Kernels;
  /** The whole memory. */
  readonly floats: Float32Array;
  /** Byte offset of the floats that `scratch` requested. */
  readonly at: number;
}

/** Transforms the sample at `from`, to `to` or in place, and returns the result's address. */
export type Apply = (from: number, to: number, draw: Draw) => number;

/** Planned transforms of samples of one shape. */
export interface Chain {
  /** Shape of the result. */
  readonly shape: ImageShape;
  /** Floats of memory that it needs, the first of which hold the sample before its transforms. */
  readonly floats: number;
  /** Makes the function that transforms the sample, drawing for what `place` then says, and returns the result's address. */
  prepare(bench: Bench, place: Readonly<Place>): () => number;
}

/** One kind of transform. */
export interface Kind<S> {
  /** Whether the results are still pixels, on the samples' scale: those of `normalize` are not. */
  readonly keepsPixels: boolean;
  /** The shape of the result. @throws LanewiseError kind 'data' for samples that it cannot transform. */
  readonly shape: (settings: S, shape: ImageShape) => ImageShape;
  /** Floats of the largest intermediate sample; absent if that is the result. */
  readonly largest?: (settings: S, shape: ImageShape) => number;
  /** Floats of scratch that it needs. */
  readonly scratch: (settings: S, shape: ImageShape) => number;
  /** Called once per worker; `stream` distinguishes its draws from those of a sample's other transforms. */
  readonly prepare: (settings: S, shape: ImageShape, bench: Bench, stream: number) => Apply;
}
