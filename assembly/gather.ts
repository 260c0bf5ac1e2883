/**
 * The gathering of samples from a data set into a shard's batch. Samples are picked by an order of indices, scaled, and
 * framed: a C×h×w sample is in the middle of a C×H×W input, surrounded by `border`. Whole numbers are copied unchanged.
 */
import { floats } from './simd';

@inline
function fillRow(y: usize, count: i32, value: f32): usize {
  for (let i = 0; i < count; i++) store<f32>(y + floats(i), value);
  return y + floats(count);
}

/**
 * y[n] = frame(samples[order[n]]·scale + shift) for n < count.
 * isBytes: samples are uint8, else float32. The product is rounded before the sum in every build.
 */
export function gatherSamples(
  samples: usize,
  isBytes: i32,
  order: usize,
  count: i32,
  C: i32,
  h: i32,
  w: i32,
  H: i32,
  W: i32,
  scale: f32,
  shift: f32,
  border: f32,
  y: usize,
): void {
  const top = (H - h) / 2;
  const left = (W - w) / 2;
  const bytes = <usize>(C * h * w) * (isBytes ? 1 : 4);
  for (let n = 0; n < count; n++) {
    let x = samples + <usize>load<u32>(order + floats(n)) * bytes;
    for (let c = 0; c < C; c++) {
      y = fillRow(y, top * W, border);
      for (let i = 0; i < h; i++) {
        y = fillRow(y, left, border);
        if (isBytes) {
          for (let j = 0; j < w; j++)
            store<f32>(y + floats(j), <f32>load<u8>(x + <usize>j) * scale + shift);
          x += <usize>w;
        } else {
          for (let j = 0; j < w; j++)
            store<f32>(y + floats(j), load<f32>(x + floats(j)) * scale + shift);
          x += floats(w);
        }
        y = fillRow(y + floats(w), W - w - left, border);
      }
      y = fillRow(y, (H - h - top) * W, border);
    }
  }
}

/** y = (x·unit − mean)·factor for `count` values; pairs of mean and factor are `step` bytes apart. */
@inline
function scaleRow(
  x: usize,
  isBytes: i32,
  count: i32,
  unit: f32,
  scales: usize,
  step: usize,
  y: usize,
): void {
  for (let j = 0; j < count; j++) {
    const v = isBytes ? <f32>load<u8>(x + <usize>j) : load<f32>(x + floats(j));
    store<f32>(y + floats(j), (v * unit - load<f32>(scales)) * load<f32>(scales, 4));
    scales += step;
  }
}

/**
 * The same with a mean and a factor of each channel: y[n, c] = frame((samples[order[n], c]·unit − mean[c])·factor[c]).
 * scales: C pairs of mean and factor. A sample of 1×1 pixels is a vector, which is read at once.
 */
export function gatherScaled(
  samples: usize,
  isBytes: i32,
  order: usize,
  count: i32,
  C: i32,
  h: i32,
  w: i32,
  H: i32,
  W: i32,
  unit: f32,
  scales: usize,
  y: usize,
): void {
  const top = (H - h) / 2;
  const left = (W - w) / 2;
  const size: usize = isBytes ? 1 : 4;
  const bytes = <usize>(C * h * w) * size;
  for (let n = 0; n < count; n++) {
    let x = samples + <usize>load<u32>(order + floats(n)) * bytes;
    if (H * W == 1) {
      scaleRow(x, isBytes, C, unit, scales, 8, y);
      y += floats(C);
      continue;
    }
    for (let c = 0; c < C; c++) {
      const pair = scales + floats(2 * c);
      const border = -load<f32>(pair) * load<f32>(pair, 4);
      y = fillRow(y, top * W, border);
      for (let i = 0; i < h; i++) {
        y = fillRow(y, left, border);
        scaleRow(x, isBytes, w, unit, pair, 0, y);
        x += <usize>w * size;
        y = fillRow(y + floats(w), W - w - left, border);
      }
      y = fillRow(y, (H - h - top) * W, border);
    }
  }
}

/** y[n] = values[order[n]], `length` whole numbers per sample, bytes or int32, to int32. */
export function gatherIntegers(
  values: usize,
  isBytes: i32,
  order: usize,
  count: i32,
  length: i32,
  y: usize,
): void {
  for (let n = 0; n < count; n++) {
    const first = <usize>load<u32>(order + floats(n)) * <usize>length;
    for (let i = 0; i < length; i++) {
      const at = first + <usize>i;
      store<i32>(y, isBytes ? <i32>load<u8>(values + at) : load<i32>(values + (at << 2)));
      y += 4;
    }
  }
}
