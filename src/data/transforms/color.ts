/** Colour transforms that are the same at every pixel: linear combinations of channels. */
import {
  checkOptions,
  finite,
  listOf,
  listOr,
  numberFrom,
  oneOf,
  required,
} from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import { showShape } from '../../graph/tensor.js';
import { range } from './check-transforms.js';
import type { Draw } from './draw.js';
import { make } from './make.js';
import type { ImageShape, Kind, Transform } from './transform.js';

/** The subtracted mean, and the divisor. */
export interface NormalizeOptions {
  /** One number for each channel, or one for all. */
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** Ranges that each image's factor and summand are drawn from. */
export interface RandomIntensityOptions {
  /** Range of the factor. Default [1, 1]. */
  readonly scale?: readonly [number, number];
  /** Range of the summand. Default [0, 0]. */
  readonly shift?: readonly [number, number];
}

/** (v − mean)/std, v in [0, 1] for bytes. @throws LanewiseError kind 'argument' for a setting out of range. */
export function normalize(options: NormalizeOptions): Transform {
  const deviation = numberFrom(1e-12);
  const { mean, std } = checkOptions('normalize', options, {
    mean: required(listOr(finite, listOf(finite))),
    std: required(listOr(deviation, listOf(deviation))),
  });
  return make('normalize', normalizeKind, { mean: [mean].flat(), std: [std].flat() });
}

/** A random factor and summand for every sample. @throws LanewiseError kind 'argument' for a setting out of range. */
export function randomIntensity(options: RandomIntensityOptions): Transform {
  checkOptions('randomIntensity', options, { scale: range(), shift: range() });
  const { scale = [1, 1], shift = [0, 0] } = options;
  return make('randomIntensity', randomIntensityKind, { scale, shift });
}

/** 1 − v. */
export const invert = (): Transform => make('invert', invertKind, {});

/** 0.299·R + 0.587·G + 0.114·B, in one channel or in three alike. @throws LanewiseError kind 'argument' for other channels. */
export function grayscale(channels: 1 | 3 = 1): Transform {
  oneOf([1, 3])('grayscale', 'channels', channels);
  return make('grayscale', grayscaleKind, { channels });
}

/** ITU-R 601-2, as in torchvision. */
export const GRAY = [0.2989, 0.587, 0.114] as const;

/** One row per channel of the result: a factor for each of the sample's channels, and a summand. */
export type ChannelMatrix = readonly (readonly number[])[];

/** Multiplies every channel by a factor and adds a summand. */
export const diagonal = (factors: readonly number[], terms: readonly number[]): ChannelMatrix =>
  factors.map((factor, c) => [...factors.map((_, d) => (d === c ? factor : 0)), terms[c]!]);

/** The same factor and summand for all of `channels`. */
export const uniformly = (channels: number, factor: number, term: number): ChannelMatrix =>
  diagonal(
    Array.from({ length: channels }, () => factor),
    Array.from({ length: channels }, () => term),
  );

/** A kind whose result is a matrix times the channels. */
/* @__NO_SIDE_EFFECTS__ */
export function matrixKind<S>(
  keepsPixels: boolean,
  matrix: (settings: S, shape: ImageShape, draw: Draw) => ChannelMatrix,
  channelsOf: (settings: S, shape: ImageShape) => number = (_, [C]) => C,
): Kind<S> {
  return {
    keepsPixels,
    shape: (settings, shape) => [channelsOf(settings, shape), shape[1], shape[2]],
    scratch: (settings, shape) => channelsOf(settings, shape) * (shape[0] + 1),
    prepare(settings, shape, { kernels, floats, at }, stream) {
      const [C, h, w] = shape;
      const O = channelsOf(settings, shape);
      return (from, to, draw) => {
        draw.begin(stream);
        matrix(settings, shape, draw).forEach((row, o) => floats.set(row, at / 4 + o * (C + 1)));
        kernels.mixChannels(C, O, h * w, from, at, -Infinity, Infinity, to);
        return to;
      };
    },
  };
}

interface NormalizeSettings {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

const each = (values: readonly number[], [C]: ImageShape): readonly number[] =>
  values.length === 1 ? Array.from({ length: C }, () => values[0]!) : values;

export const normalizeKind = matrixKind<NormalizeSettings>(
  false,
  ({ mean, std }, shape) => {
    const [means, stds] = [each(mean, shape), each(std, shape)];
    return diagonal(
      stds.map((value) => 1 / value),
      stds.map((value, c) => -means[c]! / value),
    );
  },
  ({ mean, std }, shape) => {
    for (const [name, values] of Object.entries({ mean, std })) {
      if (values.length === 1 || values.length === shape[0]) continue;
      throw new LanewiseError(
        'data',
        `normalize: ${name} has ${values.length} values, samples of ${showShape(shape)} have ${shape[0]} channels`,
      );
    }
    return shape[0];
  },
);

export const randomIntensityKind = matrixKind<Required<RandomIntensityOptions>>(
  true,
  ({ scale, shift }, [C], draw) => uniformly(C, draw.between(...scale), draw.between(...shift)),
);

export const invertKind = matrixKind<object>(false, (_, [C]) => uniformly(C, -1, 1));

export const grayscaleKind = matrixKind<{ readonly channels: number }>(
  true,
  ({ channels }, [C]) => {
    const row = C === 3 ? [...GRAY, 0] : [1, 0];
    return Array.from({ length: channels }, () => row);
  },
  ({ channels }, shape) => {
    checkColours('grayscale', shape);
    return channels;
  },
);

/** @throws LanewiseError kind 'data' unless there are one or three channels. */
export function checkColours(transform: string, shape: ImageShape): void {
  if (shape[0] === 1 || shape[0] === 3) return;
  throw new LanewiseError(
    'data',
    `${transform} of samples of ${showShape(shape)}, expected 1 or 3 channels`,
  );
}
