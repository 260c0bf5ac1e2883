/** The convolutions as their definitions say, in double precision and plain loops. Shapes as in src/ops. */

export type Values = ArrayLike<number>;
export type Mode = 'zeros' | 'replicate' | 'reflect';
type Pair = readonly [number, number];

export interface Convolution {
  /** N×C×H×W and O×C/groups×kh×kw. */
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly stride: Pair;
  /** Left, right, top, bottom. */
  readonly sides: readonly [number, number, number, number];
  readonly dilation: Pair;
  readonly groups: number;
  readonly mode: Mode;
}

/** The pixel that stands at `i`, −1 for none. */
export function sourceOf(mode: Mode, i: number, extent: number): number {
  if (i >= 0 && i < extent) return i;
  if (mode === 'zeros') return -1;
  if (mode === 'replicate') return i < 0 ? 0 : extent - 1;
  return i < 0 ? -i : 2 * (extent - 1) - i;
}

/** N×O×P×Q. */
export function outputShape(c: Convolution): number[] {
  const [left, right, top, bottom] = c.sides;
  const places = (axis: 0 | 1, borders: number) => {
    const span = c.dilation[axis] * (c.w[axis + 2]! - 1) + 1;
    return Math.floor((c.x[axis + 2]! + borders - span) / c.stride[axis]) + 1;
  };
  return [c.x[0]!, c.w[0]!, places(0, top + bottom), places(1, left + right)];
}

/** Calls `visit` with the places in y, w and x of every product of the sum y[n, o, p, q] = Σ w · x. */
export function eachProduct(
  c: Convolution,
  visit: (y: number, w: number, x: number) => void,
): void {
  const [, C, H, W] = c.x as [number, number, number, number];
  const [O, each, kh, kw] = c.w as [number, number, number, number];
  const [N, , P, Q] = outputShape(c) as [number, number, number, number];
  const [left, , top] = c.sides;
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      const first = Math.floor(o / (O / c.groups)) * each;
      for (let p = 0; p < P; p++) {
        for (let q = 0; q < Q; q++, at++) {
          for (let k = 0; k < each * kh * kw; k++) {
            const [i, j] = [Math.floor(k / kw) % kh, k % kw];
            const row = sourceOf(c.mode, p * c.stride[0] + i * c.dilation[0] - top, H);
            const column = sourceOf(c.mode, q * c.stride[1] + j * c.dilation[1] - left, W);
            if (row < 0 || column < 0) continue;
            const channel = first + Math.floor(k / (kh * kw));
            visit(at, o * each * kh * kw + k, ((n * C + channel) * H + row) * W + column);
          }
        }
      }
    }
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** b[channel] spread over N×channels×area, or zeros. */
function biases(shape: readonly number[], b: Values | undefined): Float64Array {
  const area = sizeOf(shape.slice(2));
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
    b ? b[Math.floor(i / area) % shape[1]!]! : 0,
  );
}

export function conv2d(c: Convolution, x: Values, w: Values, b?: Values): Float64Array {
  const y = biases(outputShape(c), b);
  eachProduct(c, (to, tap, from) => (y[to]! += w[tap]! * x[from]!));
  return y;
}

/** Every product of the convolution `c` read backwards: y is of the shape of its x. */
export function convTranspose2d(c: Convolution, x: Values, w: Values, b?: Values): Float64Array {
  const y = biases(c.x, b);
  eachProduct(c, (from, tap, to) => (y[to]! += w[tap]! * x[from]!));
  return y;
}

/** x: N×C×H×W with borders. */
export function pad2d(
  shape: readonly number[],
  [left, right, top, bottom]: Convolution['sides'],
  mode: Mode,
  value: number,
  x: Values,
): Float64Array {
  const [N, C, H, W] = shape as [number, number, number, number];
  const [height, width] = [H + top + bottom, W + left + right];
  return Float64Array.from({ length: N * C * height * width }, (_, i) => {
    const row = sourceOf(mode, (Math.floor(i / width) % height) - top, H);
    const column = sourceOf(mode, (i % width) - left, W);
    const plane = Math.floor(i / (height * width));
    return row < 0 || column < 0 ? value : x[(plane * H + row) * W + column]!;
  });
}

/** w: P×Q×C·kh·kw×O, b: O×P×Q; y: N×O×P×Q. */
export function locallyConnected2d(
  [N, C, H, W]: readonly [number, number, number, number],
  O: number,
  [kh, kw]: Pair,
  [sh, sw]: Pair,
  x: Values,
  w: Values,
  b?: Values,
): Float64Array {
  const [P, Q] = [Math.floor((H - kh) / sh) + 1, Math.floor((W - kw) / sw) + 1];
  const K = C * kh * kw;
  return Float64Array.from({ length: N * O * P * Q }, (_, at) => {
    const [p, q] = [Math.floor(at / Q) % P, at % Q];
    const [n, o] = [Math.floor(at / (O * P * Q)), Math.floor(at / (P * Q)) % O];
    let sum = b ? b[(o * P + p) * Q + q]! : 0;
    for (let k = 0; k < K; k++) {
      const [c, i, j] = [Math.floor(k / (kh * kw)), Math.floor(k / kw) % kh, k % kw];
      const pixel = x[((n * C + c) * H + p * sh + i) * W + q * sw + j]!;
      sum += w[((p * Q + q) * K + k) * O + o]! * pixel;
    }
    return sum;
  });
}
