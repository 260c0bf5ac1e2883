/** The conversion of samples to inputs by a kernel, which integer programs have; the bits are those of feed.ts. */
import type { Int8Kernels } from '../engine/int8-kernels.js';
import { channelScales } from '../graph/input-scale.js';
import { align } from '../program/program.js';
import { planesOf, type Framing } from './feed.js';
import type { ProgramFile } from './read.js';

/** A file whose memory has room behind its inputs for samples as they are given, which are never larger. */
export const withStaging = (file: ProgramFile): ProgramFile => ({
  ...file,
  bytes: { ...file.bytes, batch: 2 * align(file.bytes.batch) },
});

/** Samples go behind the inputs, and from there through the kernel to their places. */
export const frameBy =
  ({ frameSamples }: Int8Kernels, { bytes: { batch } }: ProgramFile): Framing =>
  (input, shape, values, { buffer }, leaf) => {
    const { mean, deviation } = input;
    const pairs = channelScales(input);
    const [C, h, w, H, W] = planesOf(input, shape, pairs ? shape[0]! : 1);
    const isBytes = values instanceof Uint8Array;
    const one = isBytes ? 255 : 1;
    const unit = Math.fround(1 / (pairs ? one : one * (deviation as number)));
    const shift = -(mean as number) / (deviation as number);
    const size = C * h * w;
    const isWhole = !isBytes && h === H && w === W;
    const at = isWhole ? leaf : leaf + align(batch);
    const given = isBytes ? new Uint8Array(buffer, at) : new Float32Array(buffer, at);
    return (from, taken) => {
      given.set(values.subarray(from * size, (from + taken) * size));
      const frame = (n: number, less: number, factor: number, plane: number) => {
        const x = at + plane * h * w * given.BYTES_PER_ELEMENT;
        frameSamples(n, h, w, H, W, isBytes, unit, less, factor, x, leaf + plane * H * W * 4);
      };
      if (!pairs) return frame(taken * C, shift, 1, 0);
      for (let i = 0; i < taken * C; i++) {
        const c = 2 * (i % C);
        frame(1, -pairs[c]!, pairs[c + 1]!, i);
      }
    };
  };
