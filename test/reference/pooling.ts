/** Pooling and resampling as their definitions say, in double precision and plain loops. */

export interface Pooling {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
}

/** Where each window along one axis begins, found window by window. */
export function starts(
  extent: number,
  kernel: number,
  stride: number,
  padding: number,
  ceilMode: boolean,
): number[] {
  const found: number[] = [];
  for (let start = -padding; ; start += stride) {
    if (start + kernel > extent + padding && !ceilMode) return found;
    if (start >= extent) return found;
    found.push(start);
    // The first window that reaches the end of the padding is the last.
    if (start + kernel >= extent + padding) return found;
  }
}

/** The inputs of a window from row `top` to before `bottom`, and so on, of plane `plane`. */
function inside(
  x: ArrayLike<number>,
  [plane, H, W]: readonly [number, number, number],
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
): number[] {
  const values: number[] = [];
  for (let i = Math.max(top, 0); i < Math.min(bottom, H); i++) {
    for (let j = Math.max(left, 0); j < Math.min(right, W); j++) {
      values.push(x[(plane * H + i) * W + j]!);
    }
  }
  return values;
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

/** Mean or maximum over windows; x: planes×H×W. */
export function pool(
  kind: 'avg' | 'max',
  x: ArrayLike<number>,
  [planes, H, W]: readonly [number, number, number],
  { kernel: [kh, kw], stride: [sh, sw], padding: [ph, pw], ceilMode, countIncludePad }: Pooling,
): number[] {
  const y: number[] = [];
  for (let plane = 0; plane < planes; plane++) {
    for (const top of starts(H, kh, sh, ph, ceilMode)) {
      for (const left of starts(W, kw, sw, pw, ceilMode)) {
        const values = inside(x, [plane, H, W], [top, top + kh], [left, left + kw]);
        const padded = (Math.min(top + kh, H + ph) - top) * (Math.min(left + kw, W + pw) - left);
        const count = countIncludePad ? padded : values.length;
        y.push(kind === 'max' ? Math.max(...values) : sum(values) / count);
      }
    }
  }
  return y;
}

/** Mean or maximum over ⌊p·H/P⌋ … ⌈(p + 1)·H/P⌉. */
export function adaptivePool(
  kind: 'avg' | 'max',
  x: ArrayLike<number>,
  [planes, H, W]: readonly [number, number, number],
  [P, Q]: readonly [number, number],
): number[] {
  const y: number[] = [];
  const bin = (p: number, extent: number, count: number) =>
    [Math.floor((p * extent) / count), Math.ceil(((p + 1) * extent) / count)] as const;
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      for (let q = 0; q < Q; q++) {
        const values = inside(x, [plane, H, W], bin(p, H, P), bin(q, W, Q));
        y.push(kind === 'max' ? Math.max(...values) : sum(values) / values.length);
      }
    }
  }
  return y;
}

/** Where an output lies on the input's axis. */
function source(p: number, extent: number, size: number, how: Resampling, scale?: number): number {
  if (how === 'corners') return size > 1 ? (p * (extent - 1)) / (size - 1) : 0;
  const at = (place: number) => (scale ? place / scale : (place * extent) / size);
  if (how === 'nearest') return Math.floor(at(p));
  return Math.max(at(p + 0.5) - 0.5, 0);
}

export type Resampling = 'nearest' | 'bilinear' | 'corners';

/** Images of H×W resampled to P×Q; `scale` stands for P/H and Q/W where it is given. */
export function upsample(
  x: ArrayLike<number>,
  [planes, H, W]: readonly [number, number, number],
  [P, Q]: readonly [number, number],
  how: Resampling,
  scale?: readonly [number, number],
): number[] {
  const y: number[] = [];
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      for (let q = 0; q < Q; q++) {
        const r = source(p, H, P, how, scale?.[0]);
        const s = source(q, W, Q, how, scale?.[1]);
        let value = 0;
        for (let i = 0; i < H; i++) {
          for (let j = 0; j < W; j++) {
            // Beyond the last input its value goes on.
            const share = (at: number, k: number, extent: number) =>
              Math.max(1 - Math.abs(Math.min(at, extent - 1) - k), 0);
            value += x[(plane * H + i) * W + j]! * share(r, i, H) * share(s, j, W);
          }
        }
        y.push(value);
      }
    }
  }
  return y;
}

/** y[n, c, h·r + i, w·r + j] = x[n, c·r² + i·r + j, h, w]; x: N×(C·r²)×H×W. */
export function pixelShuffle(
  x: ArrayLike<number>,
  [N, C, H, W]: readonly [number, number, number, number],
  r: number,
): Float64Array {
  const y = new Float64Array(x.length);
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < r; i++) {
        for (let j = 0; j < r; j++) {
          for (let h = 0; h < H; h++) {
            for (let w = 0; w < W; w++) {
              y[((n * C + c) * H * r + h * r + i) * W * r + w * r + j] = x[at++]!;
            }
          }
        }
      }
    }
  }
  return y;
}
