/** ONNX nodes of normalisation. */
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { Rule, Value, Writer } from './export-writer.js';

/** What normalisation over the last axes takes. */
export interface Runs {
  readonly x: Value;
  readonly weight?: Value | undefined;
  readonly bias?: Value | undefined;
  /** The last axes' extents. */
  readonly shape: Shape;
  readonly epsilon: number;
}

/** Runs of the last axes with mean 0 and variance 1, or a root mean square of 1. */
export const ofRuns: Readonly<Record<string, (w: Writer, runs: Runs) => Value>> = {
  layerNorm(w, { x, weight, bias, shape, epsilon }) {
    const scale = weight ?? w.floats(new Float32Array(sizeOf(shape)).fill(1), shape);
    return w.node('LayerNormalization', [x, scale, bias], { axis: -shape.length, epsilon });
  },
  rmsNorm(w, { x, weight, shape, epsilon }) {
    const axes = shape.map((_, i) => i - shape.length);
    const mean = w.node('ReduceMean', [w.node('Mul', [x, x])], { axes });
    const root = w.node('Sqrt', [w.node('Add', [mean, w.floats(epsilon)])]);
    const y = w.node('Div', [x, root]);
    return weight === undefined ? y : w.node('Mul', [y, weight]);
  },
};

/** One value a channel as C×1×…, for a tensor of so many axes. */
const perChannel = (w: Writer, value: Value, rank: number): Value =>
  rank === 2
    ? value
    : w.node('Unsqueeze', [value, w.ints(Array.from({ length: rank - 2 }, (_, i) => i + 1))]);

function affine(
  w: Writer,
  x: Value,
  rank: number,
  weight: Value | undefined,
  bias: Value | undefined,
): Value {
  const y = weight === undefined ? x : w.node('Mul', [x, perChannel(w, weight, rank)]);
  return bias === undefined ? y : w.node('Add', [y, perChannel(w, bias, rank)]);
}

interface Response {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

const repeated = (w: Writer, value: number, count: number): Value =>
  w.floats(new Float32Array(count).fill(value));

export const normRules: Readonly<Record<string, Rule>> = {
  normalize: (w, { x, weight, bias, mean, variance }, { epsilon }) =>
    w.node('BatchNormalization', [x, weight, bias, mean, variance], { epsilon }),
  channelAffine: (w, { x, weight, bias }, _, { output }) =>
    affine(w, x!, output.shape.length, weight, bias),
  groupNorm(w, { x, weight, bias }, { groups, epsilon }, { output: { shape } }) {
    const C = shape[1]!;
    const normalized = (of: Value, scale: Value, shift: Value): Value =>
      w.node('InstanceNormalization', [of, scale, shift], { epsilon });
    const [one, zero] = [repeated(w, 1, groups), repeated(w, 0, groups)];
    if (groups === C && shape.length > 2) return normalized(x!, weight ?? one, bias ?? zero);
    const grouped = [shape[0]!, groups, sizeOf(shape.slice(1)) / groups];
    const y = normalized(w.reshape(x!, shape, grouped), one, zero);
    return affine(w, w.reshape(y, grouped, shape), shape.length, weight, bias);
  },
  layerNorm: (w, { x, weight, bias }, { epsilon }, { output }) =>
    ofRuns['layerNorm']!(w, { x: x!, weight, bias, shape: output.shape.slice(1), epsilon }),
  rmsNorm: (w, { x, weight }, { epsilon }, { output }) =>
    ofRuns['rmsNorm']!(w, { x: x!, weight, shape: output.shape.slice(1), epsilon }),
  localResponseNorm(w, { x }, { size, alpha, beta, k }: Response, { output: { shape } }) {
    if (size % 2 && shape.length === 4) return w.node('LRN', [x], { size, alpha, beta, bias: k });
    // LRN has odd sizes only, and in places four axes only: a mean over channels as an image's rows.
    const [N, C, ...area] = shape as [number, number, ...number[]];
    const rows = [N, 1, C, sizeOf(area)];
    const squares = w.reshape(w.node('Mul', [x, x]), shape, rows);
    const mean = w.node('AveragePool', [squares], {
      count_include_pad: 1,
      kernel_shape: [size, 1],
      pads: [Math.floor(size / 2), 0, Math.floor((size - 1) / 2), 0],
      strides: [1, 1],
    });
    const weighted = w.node('Mul', [w.reshape(mean, rows, shape), w.floats(alpha)]);
    const power = w.node('Pow', [w.node('Add', [weighted, w.floats(k)]), w.floats(beta)]);
    return w.node('Div', [x, power]);
  },
};
