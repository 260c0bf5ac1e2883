/**
 * What a transform is: plain data, made by a constructor and posted to the workers with the plan, and for
 * each kind what it makes of a shape and of one sample.
 */
import type { Kernels } from '../../engine/wasm.js';
import type { Draw } from './draw.js';

/** Channels, height and width of a sample. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** A step on the way from a stored sample to a model's input; see docs/augmentation.md. */
export interface Transform {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Where a kind works: the kernels on a worker's memory, and room of its own in it. */
export interface Bench {
  readonly kernels: Kernels;
  /** All of the memory. */
  readonly floats: Float32Array;
  /** Byte of the first of the floats that `scratch` asked for. */
  readonly at: number;
}

/** Transforms the sample at `from`, to `to` or in its place, and returns where the result stands. */
export type Apply = (from: number, to: number, draw: Draw) => number;

/** One kind of transform. */
export interface Kind<S> {
  /** Whether the results are pixels again, on the scale that samples have: those of `normalize` are not. */
  readonly keepsPixels: boolean;
  /** The shape of the result. @throws LanewiseError kind 'data' for samples that it cannot transform. */
  readonly shape: (settings: S, shape: ImageShape) => ImageShape;
  /** Floats of the largest sample on the way; absent if that is the result. */
  readonly largest?: (settings: S, shape: ImageShape) => number;
  /** Floats of scratch that it needs. */
  readonly scratch: (settings: S, shape: ImageShape) => number;
  /** Done once a worker; `stream` tells its draws from those of the other transforms of a sample. */
  readonly prepare: (settings: S, shape: ImageShape, bench: Bench, stream: number) => Apply;
}
