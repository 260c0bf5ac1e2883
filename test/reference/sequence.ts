/** Embedding, recurrent layers and attention as their definitions say, in double precision and plain loops. */
import { softmax } from './ops.js';

/** w[indices[i]] at each position; zeros where there is no such row. */
export function embedding(
  indices: ArrayLike<number>,
  w: ArrayLike<number>,
  D: number,
): Float64Array {
  return Float64Array.from({ length: indices.length * D }, (_, at) => {
    const index = indices[Math.floor(at / D)]!;
    return index >= 0 && index * D < w.length ? w[index * D + (at % D)]! : 0;
  });
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export interface Sequence {
  readonly N: number;
  readonly T: number;
  readonly F: number;
  readonly H: number;
}

/** One step of each cell for one unit: rows of W·x + b and U·h + c, the unit's own h, its memory. */
const steps: Readonly<
  Record<string, (p: number[], q: number[], h: number, c: number) => [h: number, c: number]>
> = {
  tanh: ([p], [q]) => [Math.tanh(p! + q!), 0],
  relu: ([p], [q]) => [Math.max(0, p! + q!), 0],
  lstm(p, q, _, c) {
    const [i, f, g, o] = p.map((value, row) => value + q[row]!) as [number, number, number, number];
    const cell = sigmoid(f) * c + sigmoid(i) * Math.tanh(g);
    return [sigmoid(o) * Math.tanh(cell), cell];
  },
  gru([pr, pz, pn], [qr, qz, qn], h) {
    const z = sigmoid(pz! + qz!);
    const n = Math.tanh(pn! + sigmoid(pr! + qr!) * qn!);
    return [(1 - z) * n + z * h, 0];
  },
};

const gatesOf: Readonly<Record<string, number>> = { tanh: 1, relu: 1, lstm: 4, gru: 3 };

/** The states of all steps, N×T×H; W gates·H×F, U gates·H×H, b and c gates·H. */
export function recurrent(
  cell: string,
  { N, T, F, H }: Sequence,
  reverse: boolean,
  [x, W, U, b, c]: readonly ArrayLike<number>[],
): Float64Array {
  const y = new Float64Array(N * T * H);
  const rows = Array.from({ length: gatesOf[cell]! }, (_, gate) => gate * H);
  for (let n = 0; n < N; n++) {
    let h = new Float64Array(H);
    const memory = new Float64Array(H);
    for (let i = 0; i < T; i++) {
      const t = reverse ? T - 1 - i : i;
      const now = h.map((own, unit) => {
        const p = rows.map((row) => {
          let sum = b![row + unit]!;
          for (let f = 0; f < F; f++) sum += W![(row + unit) * F + f]! * x![(n * T + t) * F + f]!;
          return sum;
        });
        const q = rows.map((row) => {
          let sum = c![row + unit]!;
          for (let j = 0; j < H; j++) sum += U![(row + unit) * H + j]! * h[j]!;
          return sum;
        });
        const [state, kept] = steps[cell]!(p, q, own, memory[unit]!);
        memory[unit] = kept;
        return state;
      });
      h = now;
      y.set(h, (n * T + t) * H);
    }
  }
  return y;
}

/** softmax(q·kᵀ/√d)·v in each head; q N×T×D, k and v N×S×D. */
export function attention(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  [N, T, S, D]: readonly [number, number, number, number],
  heads: number,
  causal: boolean,
): Float64Array {
  const y = new Float64Array(N * T * D);
  const d = D / heads;
  for (let n = 0; n < N; n++) {
    for (let first = 0; first < D; first += d) {
      for (let t = 0; t < T; t++) {
        const seen = causal ? t + 1 : S;
        const scores = Float64Array.from({ length: seen }, (_, s) => {
          let sum = 0;
          for (let j = first; j < first + d; j++)
            sum += q[(n * T + t) * D + j]! * k[(n * S + s) * D + j]!;
          return sum / Math.sqrt(d);
        });
        const p = softmax(scores, 1, seen);
        for (let j = first; j < first + d; j++) {
          p.forEach((weight, s) => (y[(n * T + t) * D + j]! += weight * v[(n * S + s) * D + j]!));
        }
      }
    }
  }
  return y;
}
