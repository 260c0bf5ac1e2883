/** The conversion of stored samples to kernels' inputs: scaled, images framed, with the bits of assembly/gather.ts. */
import { LanewiseError, show } from '../base/errors.js';
import { channelScales } from '../graph/input-scale.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { StoredInput } from './stored.js';

/** Samples: bytes count 0–255 as 0–1; floats are unchanged; whole numbers are for inputs with a vocabulary. */
export type Samples = Uint8Array | Int32Array | Float32Array;

/** Samples that fit: their number, and the function that puts some of them into memory. */
export interface OpenFeed {
  readonly count: number;
  write(from: number, count: number): void;
}

export type Feed = (values: Samples | undefined, shape?: Shape) => OpenFeed;

/** What converts samples that fit an input: a function that puts some of them into memory, from address `leaf` on. */
export type Framing = (
  input: StoredInput,
  shape: Shape,
  values: Uint8Array | Float32Array,
  memory: WebAssembly.Memory,
  leaf: number,
) => OpenFeed['write'];

/** @throws LanewiseError kind 'data' for samples that the input does not take. */
export function createFeed(
  input: StoredInput,
  memory: WebAssembly.Memory,
  batch: number,
  frame: Framing = framing,
): Feed {
  const { name, at, vocabulary, lengths } = input;
  const size = sizeOf(input.shape);
  return (values, shape = input.shape) => {
    const refuse = (why: string) => new LanewiseError('data', `input '${name}' ${why}`);
    if (!(
      values instanceof Uint8Array ||
      values instanceof Int32Array ||
      values instanceof Float32Array
    ))
      throw refuse(`is ${show(values)}, expected a Uint8Array, Int32Array or Float32Array`);
    checkShape(input, shape, refuse);
    const stored = sizeOf(shape);
    if (values.length === 0 || values.length % stored !== 0)
      throw refuse(
        `has ${values.length} values, which are not a whole number of samples of ${showShape(shape)}`,
      );
    const count = values.length / stored;
    if (vocabulary !== undefined) {
      checkWhole(values, vocabulary, lengths, refuse);
      const leaf = new Int32Array(memory.buffer, batch + at);
      const write = (from: number, taken: number) =>
        leaf.set(values.subarray(from * size, (from + taken) * size));
      return { count, write };
    }
    if (values instanceof Int32Array)
      throw refuse('is an Int32Array, expected a Uint8Array or Float32Array');
    return { count, write: frame(input, shape, values, memory, batch + at) };
  };
}

/** Checks the shape of samples: images may be smaller than the input's, all others have its shape. */
function checkShape(
  { shape: expected }: StoredInput,
  shape: Shape,
  refuse: (why: string) => LanewiseError,
): void {
  const isImage = expected.length === 3 && Array.isArray(shape) && shape.length === 3;
  const fits = isImage
    ? shape.every(
        (n, i) => Number.isInteger(n) && n >= 1 && (i ? n <= expected[i]! : n === expected[0]),
      )
    : Array.isArray(shape) && showShape(shape) === showShape(expected);
  if (fits) return;
  const found = Array.isArray(shape) ? showShape(shape) : show(shape);
  const smaller = expected.length === 3 ? ' or smaller images of as many channels' : '';
  throw refuse(`has samples of ${found}, expected ${showShape(expected)}${smaller}`);
}

function checkWhole(
  values: Samples,
  vocabulary: number,
  lengths: number | undefined,
  refuse: (why: string) => LanewiseError,
): void {
  if (values instanceof Float32Array)
    throw refuse('is a Float32Array, expected whole numbers in a Uint8Array or Int32Array');
  const least = lengths === undefined ? 0 : 1;
  const wrong = values.findIndex((value) => value < least || value >= vocabulary);
  if (wrong < 0) return;
  throw refuse(
    `has ${values[wrong]} at ${wrong}, expected ${lengths === undefined ? `whole numbers below ${vocabulary}` : `lengths from 1 to ${lengths}`}`,
  );
}

/** Planes of a sample, at least one for each of `channels`, and their extents: the samples', and those of the input around them. */
export function planesOf(
  { shape: expected }: StoredInput,
  shape: Shape,
  channels: number,
): readonly [C: number, h: number, w: number, H: number, W: number] {
  const area = sizeOf(shape) / channels;
  return expected.length === 3
    ? [shape[0]!, shape[1]!, shape[2]!, expected[1]!, expected[2]!]
    : [channels, 1, area, 1, area];
}

/**
 * Writes samples, centred within the border: each value times scale plus shift or, with scales per channel, times unit minus
 * mean times factor, rounded at each operation.
 */
const framing: Framing = (input, shape, values, memory, at) => {
  const { mean, deviation } = input;
  const leaf = new Float32Array(memory.buffer, at);
  const pairs = channelScales(input);
  const [C, h, w, H, W] = planesOf(input, shape, pairs ? shape[0]! : 1);
  const one = values instanceof Uint8Array ? 255 : 1;
  const unit = Math.fround(1 / one);
  const scale = Math.fround(1 / (one * (deviation as number)));
  const shift = Math.fround(-(mean as number) / (deviation as number));
  const [top, left] = [(H - h) >> 1, (W - w) >> 1];
  return (first, taken) => {
    let from = first * C * h * w;
    for (let plane = 0; plane < taken * C; plane++) {
      const to = plane * H * W;
      const c = 2 * (plane % C);
      const [mean, factor] = pairs ? [pairs[c]!, pairs[c + 1]!] : [0, 1];
      if (h < H || w < W) leaf.fill(pairs ? -mean * factor : shift, to, to + H * W);
      for (let i = 0; i < h; i++) {
        const row = to + (top + i) * W + left;
        if (!pairs)
          for (let j = 0; j < w; j++) leaf[row + j] = Math.fround(values[from++]! * scale) + shift;
        else
          for (let j = 0; j < w; j++)
            leaf[row + j] = Math.fround(Math.fround(values[from++]! * unit) - mean) * factor;
      }
    }
  };
};
