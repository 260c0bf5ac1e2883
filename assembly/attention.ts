/**
 * Scaled dot-product attention (Vaswani et al. 2017, section 3.2), head by head. Letters: N samples, T queries, S keys,
 * d features of a head; q is N×T×D and k, v are N×S×D with D = heads·d, of which a head has the columns
 * head·d … head·d + d, read in place; weights are N×heads×T×S. If `causal`, query t sees the keys
 * s ≤ t, and the others are not read; nor are the keys from `lengths[n]` on, N whole numbers of at least 1, or 0 for
 * none. A sum is one chain of multiply-adds in its index's order.
 */
import { softmax } from './loss';
import { loadSome, storeSome } from './recurrent';
import { LANES, floats, madd, sumLanes } from './simd';

/** Number of keys that query t sees. */
@inline
function keysSeen(t: i32, S: i32, causal: i32): i32 {
  return causal ? min(t + 1, S) : S;
}

/** Keys of sample n that are not padding. */
@inline
function keysOf(lengths: usize, n: i32, S: i32): i32 {
  return lengths ? max(min<u32>(load<u32>(lengths + floats(n)), S), 1) : S;
}

/**
 * y[n, head, t, s] = scale·Σ_j q[n, t, head, j]·k[n, s, head, j], followed by each row's softmax if `normalize`; 0
 * where masked. workspace: d·S floats.
 */
export function attentionScores(
  N: i32,
  heads: i32,
  T: i32,
  S: i32,
  d: i32,
  causal: i32,
  normalize: i32,
  scale: f32,
  q: usize,
  k: usize,
  y: usize,
  workspace: usize,
  lengths: usize,
): void {
  const pitch = floats(heads * d);
  for (let n = 0; n < N; n++) {
    const known = keysOf(lengths, n, S);
    for (let head = 0; head < heads; head++) {
      const keys = k + <usize>(n * S) * pitch + floats(head * d);
      transposeScaled(keys, pitch, S, d, scale, workspace);
      let from = q + <usize>(n * T) * pitch + floats(head * d);
      for (let t = 0; t < T; t++) {
        const seen = keysSeen(t, known, causal);
        rowTimesMatrix(from, 4, workspace, floats(S), d, seen, y);
        if (normalize) softmax(1, seen, y, y);
        if (seen < S) memory.fill(y + floats(seen), 0, floats(S - seen));
        from += pitch;
        y += floats(S);
      }
    }
  }
}

/** to[d×S] = scale·x[S×d]ᵀ, rows of x `pitch` bytes apart. */
function transposeScaled(x: usize, pitch: usize, S: i32, d: i32, scale: f32, to: usize): void {
  for (let s = 0; s < S; s++) {
    for (let j = 0; j < d; j++)
      store<f32>(to + floats(j * S + s), scale * load<f32>(x + floats(j)));
    x += pitch;
  }
}

/** dx[t, s] = scale·p[t, s]·(dp[t, s] − Σ_r p[t, r]·dp[t, r]), from p = softmax(scale·x), N×heads×T×S; 0 where masked. */
export function attentionScoresGradient(
  N: i32,
  heads: i32,
  T: i32,
  S: i32,
  causal: i32,
  scale: f32,
  p: usize,
  dp: usize,
  dx: usize,
  lengths: usize,
): void {
  const factor = f32x4.splat(scale);
  for (let i = 0; i < N * heads * T; i++) {
    const seen = keysSeen(i % T, keysOf(lengths, i / (heads * T), S), causal);
    let sums = f32x4.splat(0);
    for (let s = 0; s < seen; s += LANES) {
      const count = min(LANES, seen - s);
      sums = madd(loadSome(p + floats(s), count), loadSome(dp + floats(s), count), sums);
    }
    const mean = f32x4.splat(sumLanes(sums));
    for (let s = 0; s < seen; s += LANES) {
      const count = min(LANES, seen - s);
      const at = floats(s);
      const off = f32x4.sub(loadSome(dp + at, count), mean);
      storeSome(dx + at, f32x4.mul(f32x4.mul(loadSome(p + at, count), factor), off), count);
    }
    if (seen < S) memory.fill(dx + floats(seen), 0, floats(S - seen));
    p += floats(S);
    dp += floats(S);
    dx += floats(S);
  }
}

/**
 * y[n, t, head] = Σ_s p[n, head, t, s]·x[n, s, head], d values each; x: N×S×D, y: N×T×D. If transposed,
 * y[n, s, head] = Σ_t p[n, head, t, s]·x[n, t, head]; x: N×T×D, y: N×S×D.
 */
export function attentionProduct(
  N: i32,
  heads: i32,
  T: i32,
  S: i32,
  d: i32,
  causal: i32,
  transposed: i32,
  p: usize,
  x: usize,
  y: usize,
  lengths: usize,
): void {
  const pitch = floats(heads * d);
  for (let n = 0; n < N; n++) {
    const known = keysOf(lengths, n, S);
    for (let head = 0; head < heads; head++) {
      const from = x + floats(head * d);
      let to = y + floats(head * d);
      if (transposed) {
        for (let s = 0; s < S; s++) {
          // The first query that sees key s; no query sees keys after the last one, or in the padding.
          const t = causal ? s : 0;
          const column = p + floats(t * S + s);
          if (t >= T || s >= known) memory.fill(to, 0, floats(d));
          else rowTimesMatrix(column, floats(S), from + <usize>t * pitch, pitch, T - t, d, to);
          to += pitch;
        }
      } else {
        for (let t = 0; t < T; t++) {
          rowTimesMatrix(p + floats(t * S), 4, from, pitch, keysSeen(t, known, causal), d, to);
          to += pitch;
        }
      }
      p += floats(T * S);
    }
    x += <usize>(transposed ? T : S) * pitch;
    y += <usize>(transposed ? S : T) * pitch;
  }
}

/** y[n] = a[k]·b[k×n], values of a `step` bytes apart, rows of b `pitch` bytes apart. */
function rowTimesMatrix(
  a: usize,
  step: usize,
  b: usize,
  pitch: usize,
  k: i32,
  n: i32,
  y: usize,
): void {
  let j = 0;
  for (; j <= n - 16; j += 16) sixteenColumns(a, step, b + floats(j), pitch, k, y + floats(j));
  for (; j < n; j += LANES) {
    fewColumns(a, step, b + floats(j), pitch, k, min(LANES, n - j), y + floats(j));
  }
}

/** Sixteen columns. Thirty-two spill, since V8 issues all loads before it adds: 18 GFLOP/s instead of 27. */
function sixteenColumns(a: usize, step: usize, b: usize, pitch: usize, k: i32, y: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  do {
    const x = v128.load_splat<f32>(a);
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
    s2 = madd(x, v128.load(b, 32), s2);
    s3 = madd(x, v128.load(b, 48), s3);
    a += step;
    b += pitch;
  } while (--k);
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}

/** Up to four columns. */
function fewColumns(
  a: usize,
  step: usize,
  b: usize,
  pitch: usize,
  k: i32,
  columns: i32,
  y: usize,
): void {
  let sum = f32x4.splat(0);
  do {
    sum = madd(v128.load_splat<f32>(a), loadSome(b, columns), sum);
    a += step;
    b += pitch;
  } while (--k);
  storeSome(y, sum, columns);
}
