/**
 * The ops as their definitions say, in double precision and plain loops: what the kernels are held
 * against. Shapes as in src/ops.
 */

export interface Image {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
}

export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** Places of a window along one axis. */
const places = (extent: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((extent + 2 * padding - kernel) / stride) + 1;

/** y[n, o, p, q] = b[o] + Σ_{c,i,j} w[o, c, i, j] · x[n, c, p·sh + i − ph, q·sw + j − pw] */
export function conv2d(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
  { N, C, H, W }: Image,
  O: number,
  { kernel: [kh, kw], stride: [sh, sw], padding: [ph, pw] }: Window,
): Float64Array {
  const [P, Q] = [places(H, kh, sh, ph), places(W, kw, sw, pw)];
  const y = new Float64Array(N * O * P * Q);
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      for (let p = 0; p < P; p++) {
        for (let q = 0; q < Q; q++) {
          let sum = b[o]!;
          for (let c = 0; c < C; c++) {
            for (let i = 0; i < kh; i++) {
              for (let j = 0; j < kw; j++) {
                const [r, s] = [p * sh + i - ph, q * sw + j - pw];
                if (r < 0 || s < 0 || r >= H || s >= W) continue;
                sum += w[((o * C + c) * kh + i) * kw + j]! * x[((n * C + c) * H + r) * W + s]!;
              }
            }
          }
          y[at++] = sum;
        }
      }
    }
  }
  return y;
}

/** Gradients of Σ dy·y by x, w and b, where y = conv2d(x, w, b): each product of the sum, read backwards. */
export function conv2dGradients(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
  { N, C, H, W }: Image,
  O: number,
  { kernel: [kh, kw], stride: [sh, sw], padding: [ph, pw] }: Window,
): [x: Float64Array, w: Float64Array, b: Float64Array] {
  const [P, Q] = [places(H, kh, sh, ph), places(W, kw, sw, pw)];
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  const db = new Float64Array(O);
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      for (let p = 0; p < P; p++) {
        for (let q = 0; q < Q; q++) {
          const g = dy[at++]!;
          db[o]! += g;
          for (let c = 0; c < C; c++) {
            for (let i = 0; i < kh; i++) {
              for (let j = 0; j < kw; j++) {
                const [r, s] = [p * sh + i - ph, q * sw + j - pw];
                if (r < 0 || s < 0 || r >= H || s >= W) continue;
                const pixel = ((n * C + c) * H + r) * W + s;
                const tap = ((o * C + c) * kh + i) * kw + j;
                dx[pixel]! += w[tap]! * g;
                dw[tap]! += x[pixel]! * g;
              }
            }
          }
        }
      }
    }
  }
  return [dx, dw, db];
}

/** Mean or maximum over windows. */
export function pool2d(
  kind: 'avg' | 'max',
  x: ArrayLike<number>,
  { N, C, H, W }: Image,
  { kernel: [kh, kw], stride: [sh, sw] }: Window,
): Float64Array {
  const [P, Q] = [places(H, kh, sh, 0), places(W, kw, sw, 0)];
  const y = new Float64Array(N * C * P * Q);
  let at = 0;
  for (let plane = 0; plane < N * C; plane++) {
    for (let p = 0; p < P; p++) {
      for (let q = 0; q < Q; q++) {
        let sum = 0;
        let best = -Infinity;
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const value = x[(plane * H + p * sh + i) * W + q * sw + j]!;
            sum += value;
            best = Math.max(best, value);
          }
        }
        y[at++] = kind === 'avg' ? sum / (kh * kw) : best;
      }
    }
  }
  return y;
}

/** (x − mean)/√(variance + ε)·w + b by channel of N×C×area, with the biased variance of x itself. */
export function batchNorm(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
  [N, C, area]: readonly [number, number, number],
  epsilon: number,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let c = 0; c < C; c++) {
    const own = Array.from({ length: N * area }, (_, i) => {
      const [n, p] = [Math.floor(i / area), i % area];
      return (n * C + c) * area + p;
    });
    const mean = own.reduce((sum, at) => sum + x[at]!, 0) / own.length;
    const variance = own.reduce((sum, at) => sum + (x[at]! - mean) ** 2, 0) / own.length;
    for (const at of own) y[at] = ((x[at]! - mean) / Math.sqrt(variance + epsilon)) * w[c]! + b[c]!;
  }
  return y;
}

/** y = x·wᵀ + b */
export function linear(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
  n: number,
  inputs: number,
  outputs: number,
): Float64Array {
  return Float64Array.from({ length: n * outputs }, (_, at) => {
    const [i, o] = [Math.floor(at / outputs), at % outputs];
    let sum = b[o]!;
    for (let k = 0; k < inputs; k++) sum += x[i * inputs + k]! * w[o * inputs + k]!;
    return sum;
  });
}

/** op(a)·op(b) for m×k and k×n. */
export function matmul(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [m, n, k]: readonly [number, number, number],
  transposeA: boolean,
  transposeB: boolean,
): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let l = 0; l < k; l++) {
      sum += a[transposeA ? l * m + i : i * k + l]! * b[transposeB ? j * k + l : l * n + j]!;
    }
    return sum;
  });
}

export const activations: Readonly<Record<string, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  scaledTanh: (x) => 1.7159 * Math.tanh((2 * x) / 3),
};

/** Row-wise e^x / Σ e^x of n×C. */
export function softmax(x: ArrayLike<number>, n: number, C: number): Float64Array {
  const y = new Float64Array(n * C);
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: C }, (_, c) => x[i * C + c]!);
    const top = Math.max(...row);
    const sum = row.reduce((total, value) => total + Math.exp(value - top), 0);
    row.forEach((value, c) => (y[i * C + c] = Math.exp(value - top) / sum));
  }
  return y;
}

/** −log softmax(x[i])[label[i]] */
export const crossEntropy = (
  x: ArrayLike<number>,
  labels: ArrayLike<number>,
  n: number,
  C: number,
): Float64Array => {
  const y = softmax(x, n, C);
  return Float64Array.from({ length: n }, (_, i) => -Math.log(y[i * C + labels[i]!]!));
};

/** Σ_c (y[i, c] − t[i, c])² */
export const squaredErrors = (
  y: ArrayLike<number>,
  t: ArrayLike<number>,
  n: number,
  C: number,
): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += (y[i * C + c]! - t[i * C + c]!) ** 2;
    return sum;
  });

/** Σ (y − target)² */
export const distance = (y: ArrayLike<number>, target: ArrayLike<number>): number =>
  squaredErrors(y, target, 1, y.length)[0]!;

/** ∂f/∂x[i] ≈ (f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h for every i, in double precision. */
export function centralDifferences(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  h = 1e-5,
): Float64Array {
  const at = Float64Array.from(x);
  return Float64Array.from({ length: at.length }, (_, i) => {
    const here = at[i]!;
    at[i] = here + h;
    const above = f(at);
    at[i] = here - h;
    const below = f(at);
    at[i] = here;
    return (above - below) / (2 * h);
  });
}
