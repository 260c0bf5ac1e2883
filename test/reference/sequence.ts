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

const hardSigmoid = (x: number): number => Math.min(Math.max(0.2 * x + 0.5, 0), 1);

/** One step of each cell for one unit: rows of W·x + b and U·h + c, the unit's own h, its memory. */
const steps: Readonly<
  Record<
    string,
    (
      p: number[],
      q: number[],
      h: number,
      c: number,
      gate: (x: number) => number,
    ) => [h: number, c: number]
  >
> = {
  tanh: ([p], [q]) => [Math.tanh(p! + q!), 0],
  relu: ([p], [q]) => [Math.max(0, p! + q!), 0],
  lstm(p, q, _, c, gate) {
    const [i, f, g, o] = p.map((value, row) => value + q[row]!) as [number, number, number, number];
    const cell = gate(f) * c + gate(i) * Math.tanh(g);
    return [gate(o) * Math.tanh(cell), cell];
  },
  gru([pr, pz, pn], [qr, qz, qn], h, _, gate) {
    const z = gate(pz! + qz!);
    const n = Math.tanh(pn! + gate(pr! + qr!) * qn!);
    return [(1 - z) * n + z * h, 0];
  },
};

const gatesOf: Readonly<Record<string, number>> = { tanh: 1, relu: 1, lstm: 4, gru: 3 };

export interface Variant {
  readonly hard?: boolean;
  /** A GRU whose r multiplies the states before their product with the weights. */
  readonly resetFirst?: boolean;
  readonly h0?: ArrayLike<number> | undefined;
  readonly c0?: ArrayLike<number> | undefined;
}

/** The states of all steps, N×T×H; W gates·H×F, U gates·H×H, b and c gates·H. */
export const recurrent = (
  cell: string,
  sequence: Sequence,
  reverse: boolean,
  values: readonly ArrayLike<number>[],
): Float64Array => recurrentStates(cell, sequence, reverse, values).states;

/** The states of all steps, and the memory after the last one, N×H. */
export function recurrentStates(
  cell: string,
  { N, T, F, H }: Sequence,
  reverse: boolean,
  [x, W, U, b, c]: readonly ArrayLike<number>[],
  { hard = false, resetFirst = false, h0, c0 }: Variant = {},
): { states: Float64Array; memory: Float64Array } {
  const y = new Float64Array(N * T * H);
  const last = new Float64Array(N * H);
  const rows = Array.from({ length: gatesOf[cell]! }, (_, gate) => gate * H);
  const gate = hard ? hardSigmoid : sigmoid;
  for (let n = 0; n < N; n++) {
    const begin = (from: ArrayLike<number> | undefined) =>
      Float64Array.from({ length: H }, (_, unit) => from?.[n * H + unit] ?? 0);
    let h = begin(h0);
    const memory = begin(c0);
    for (let i = 0; i < T; i++) {
      const t = reverse ? T - 1 - i : i;
      const input = (row: number): number => {
        let sum = b![row]!;
        for (let f = 0; f < F; f++) sum += W![row * F + f]! * x![(n * T + t) * F + f]!;
        return sum;
      };
      const hidden = (row: number, of: ArrayLike<number>): number => {
        let sum = c![row]!;
        for (let j = 0; j < H; j++) sum += U![row * H + j]! * of[j]!;
        return sum;
      };
      const reset = h.map((own, unit) => own * gate(input(unit) + hidden(unit, h)));
      const now = h.map((own, unit) => {
        const p = rows.map((row) => input(row + unit));
        const q = rows.map((row) => hidden(row + unit, h));
        if (resetFirst) {
          const z = gate(p[1]! + q[1]!);
          return (1 - z) * Math.tanh(p[2]! + hidden(2 * H + unit, reset)) + z * own;
        }
        const [state, kept] = steps[cell]!(p, q, own, memory[unit]!, gate);
        memory[unit] = kept;
        return state;
      });
      h = now;
      y.set(h, (n * T + t) * H);
    }
    last.set(memory, n * H);
  }
  return { states: y, memory: last };
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
