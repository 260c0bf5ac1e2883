/**
 * Scaled dot-product attention (Vaswani et al. 2017, section 3.2), head by head. Letters: N samples, T queries, S keys,
 * d features of a head; q is N×T×D and k, v are N×S×D with D = heads·d, of which a head has the columns
 * head·d … head·d + d, read in place; weights are N×heads×T×S. If `causal`, query t sees the keys
 * s ≤ t, and the others are not read; nor are the keys from `lengths[n]` on, N whole numbers of at least 1, or 0 for
 * none. A sum is one chain of multiply-adds in its index's order.
 */
import { softmax } from './loss';
import { storeTransposed } from './pack';
import { loadSome, storeSome } from './recurrent';
import { fill } from './reduce';
import { LANES, floats, madd, sumLanes } from './simd';

/** Rows that take the same loads. */
const TOGETHER: i32 = isDefined(INFERENCE) ? 1 : 2;

/** Columns of a tile: two rows of sums of sixteen columns fill the registers. */
const TILE_COLUMNS: i32 = 16;

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
      const queries = q + <usize>(n * T) * pitch + floats(head * d);
      transposeScaled(keys, pitch, S, d, scale, workspace);
      headScores(T, S, d, causal, known, queries, pitch, workspace, normalize, y);
      y += floats(T * S);
    }
  }
}

/** One head's scores, of keys that transposeScaled has left, each row followed by its softmax if `normalize`. */
function headScores(
  T: i32,
  S: i32,
  d: i32,
  causal: i32,
  known: i32,
  q: usize,
  pitch: usize,
  keys: usize,
  normalize: i32,
  y: usize,
): void {
  memory.fill(y, 0, floats(T * S));
  for (let t = 0; t < T; t += TOGETHER) {
    const rows = min(TOGETHER, T - t);
    const most = keysSeen(t + rows - 1, known, causal);
    // Whole tiles, as far as there are keys: what a query does not see is set to zero again.
    const n = min((most + TILE_COLUMNS - 1) & -TILE_COLUMNS, S);
    addRows(rows, q, pitch, 4, keys, floats(S), d, n, y, floats(S));
    for (let row = t; row < t + rows; row++) {
      const seen = keysSeen(row, known, causal);
      if (normalize) softmax(1, seen, y, y);
      fill(y + floats(seen), n - seen, 0);
      y += floats(S);
    }
    q += pitch * <usize>TOGETHER;
  }
}

/** to[d×S] = scale·x[S×d]ᵀ, rows of x `pitch` bytes apart. */
function transposeScaled(x: usize, pitch: usize, S: i32, d: i32, scale: f32, to: usize): void {
  const factor = f32x4.splat(scale);
  for (let s = 0; s < S; s++) {
    let j = 0;
    if (s < (S & -LANES)) {
      // Four rows together, in squares.
      for (; j <= d - LANES; j += LANES) {
        const at = x + floats(j);
        if (s % LANES == 0)
          storeTransposed(
            f32x4.mul(factor, v128.load(at)),
            f32x4.mul(factor, v128.load(at + pitch)),
            f32x4.mul(factor, v128.load(at + pitch * 2)),
            f32x4.mul(factor, v128.load(at + pitch * 3)),
            to + floats(j * S + s),
            floats(S),
          );
      }
    }
    for (; j < d; j++) store<f32>(to + floats(j * S + s), scale * load<f32>(x + floats(j)));
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
  for (let i = 0; i < N * heads * T; i++) {
    const seen = keysSeen(i % T, keysOf(lengths, i / (heads * T), S), causal);
    softmaxSlopes(seen, scale, p, dp, dx);
    fill(dx + floats(seen), S - seen, 0);
    p += floats(S);
    dp += floats(S);
    dx += floats(S);
  }
}

/** dx[s] = scale·p[s]·(dp[s] − Σ_r p[r]·dp[r]) for one query; dx may be dp. */
function softmaxSlopes(seen: i32, scale: f32, p: usize, dp: usize, dx: usize): void {
  const factor = f32x4.splat(scale);
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
}

/**
 * The gradients by queries and keys from dy, that by y = p·v with p = softmax(scale·q·kᵀ), head by head, so that the
 * gradient by the scores stays in cache: the bits of attentionScores of dy and v, attentionScoresGradient, and
 * attentionProduct twice. q, dy, dq: N×T×D; k, v, dk: N×S×D; workspace: (d + T)·S floats.
 */
export function attentionGradient(
  N: i32,
  heads: i32,
  T: i32,
  S: i32,
  d: i32,
  causal: i32,
  scale: f32,
  p: usize,
  dy: usize,
  v: usize,
  q: usize,
  k: usize,
  dq: usize,
  dk: usize,
  workspace: usize,
  lengths: usize,
): void {
  const pitch = floats(heads * d);
  const slopes = workspace + floats(d * S);
  memory.fill(dq, 0, <usize>(N * T) * pitch);
  memory.fill(dk, 0, <usize>(N * S) * pitch);
  for (let n = 0; n < N; n++) {
    const known = keysOf(lengths, n, S);
    const queries = <usize>(n * T) * pitch;
    const keys = <usize>(n * S) * pitch;
    for (let head = 0; head < heads; head++) {
      const ofQueries = queries + floats(head * d);
      const ofKeys = keys + floats(head * d);
      transposeScaled(v + ofKeys, pitch, S, d, 1, workspace);
      headScores(T, S, d, causal, known, dy + ofQueries, pitch, workspace, 0, slopes);
      for (let t = 0; t < T; t++) {
        const row = slopes + floats(t * S);
        softmaxSlopes(keysSeen(t, known, causal), scale, p + floats(t * S), row, row);
      }
      addByQueries(T, S, d, causal, known, slopes, k + ofKeys, dq + ofQueries, pitch);
      addByKeys(T, S, d, causal, known, slopes, q + ofQueries, dk + ofKeys, pitch);
      p += floats(T * S);
    }
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
  const results = transposed ? S : T;
  for (let n = 0; n < N; n++) {
    const known = keysOf(lengths, n, S);
    memory.fill(y, 0, <usize>results * pitch);
    for (let head = 0; head < heads; head++) {
      const at = floats(head * d);
      if (transposed) addByKeys(T, S, d, causal, known, p, x + at, y + at, pitch);
      else addByQueries(T, S, d, causal, known, p, x + at, y + at, pitch);
      p += floats(T * S);
    }
    x += <usize>(transposed ? T : S) * pitch;
    y += <usize>results * pitch;
  }
}

/** One head's y[t] += Σ_s p[t, s]·x[s]. */
function addByQueries(
  T: i32,
  S: i32,
  d: i32,
  causal: i32,
  known: i32,
  p: usize,
  x: usize,
  y: usize,
  pitch: usize,
): void {
  for (let t = 0; t < T; t += TOGETHER) {
    const rows = min(TOGETHER, T - t);
    const seen = keysSeen(t, known, causal);
    addRows(rows, p, floats(S), 4, x, pitch, seen, d, y, pitch);
    p += floats(S);
    y += pitch;
    if (rows == 1) continue;
    // The second query may see one key more.
    if (keysSeen(t + 1, known, causal) > seen)
      addRows(1, p + floats(seen), 0, 4, x + <usize>seen * pitch, pitch, 1, d, y, pitch);
    p += floats(S);
    y += pitch;
  }
}

/** One head's y[s] += Σ_t p[t, s]·x[t]. */
function addByKeys(
  T: i32,
  S: i32,
  d: i32,
  causal: i32,
  known: i32,
  p: usize,
  x: usize,
  y: usize,
  pitch: usize,
): void {
  // No query sees keys after the last one, or in the padding.
  const keys = causal ? min(known, T) : known;
  for (let s = 0; s < keys; s += TOGETHER) {
    const rows = min(TOGETHER, keys - s);
    // The first query that sees key s; it does not see the next one.
    let t = causal ? s : 0;
    let column = p + floats(t * S + s);
    if (causal && rows == 2) {
      addRows(1, column, 0, floats(S), x + <usize>t * pitch, pitch, 1, d, y, pitch);
      t++;
      column += floats(S);
    }
    addRows(rows, column, 4, floats(S), x + <usize>t * pitch, pitch, T - t, d, y, pitch);
    y += pitch * <usize>TOGETHER;
  }
}

/**
 * y[rows×n] += a[rows×k]·b[k×n] for one or two rows. Rows of a, b and y are `aPitch`, `pitch` and `yPitch` bytes
 * apart, values of a row of a `step` bytes.
 */
function addRows(
  rows: i32,
  a: usize,
  aPitch: usize,
  step: usize,
  b: usize,
  pitch: usize,
  k: i32,
  n: i32,
  y: usize,
  yPitch: usize,
): void {
  let j = 0;
  for (; j <= n - TILE_COLUMNS; j += TILE_COLUMNS) {
    const at = floats(j);
    if (TOGETHER == 2 && rows == 2) addTile(a, a + aPitch, step, b + at, pitch, k, y + at, yPitch);
    else addTileRow(a, step, b + at, pitch, k, y + at);
  }
  for (; j < n; j += LANES) {
    const at = floats(j);
    const columns = min(LANES, n - j);
    addColumns(a, step, b + at, pitch, k, columns, y + at);
    if (TOGETHER == 2 && rows == 2)
      addColumns(a + aPitch, step, b + at, pitch, k, columns, y + yPitch + at);
  }
}

/** Two rows of sixteen columns. */
function addTile(
  a: usize,
  c: usize,
  step: usize,
  b: usize,
  pitch: usize,
  k: i32,
  y: usize,
  yPitch: usize,
): void {
  const z = y + yPitch;
  let s0 = v128.load(y);
  let s1 = v128.load(y, 16);
  let s2 = v128.load(y, 32);
  let s3 = v128.load(y, 48);
  let t0 = v128.load(z);
  let t1 = v128.load(z, 16);
  let t2 = v128.load(z, 32);
  let t3 = v128.load(z, 48);
  do {
    const u = v128.load_splat<f32>(a);
    const v = v128.load_splat<f32>(c);
    let x = v128.load(b);
    s0 = madd(u, x, s0);
    t0 = madd(v, x, t0);
    x = v128.load(b, 16);
    s1 = madd(u, x, s1);
    t1 = madd(v, x, t1);
    x = v128.load(b, 32);
    s2 = madd(u, x, s2);
    t2 = madd(v, x, t2);
    x = v128.load(b, 48);
    s3 = madd(u, x, s3);
    t3 = madd(v, x, t3);
    a += step;
    c += step;
    b += pitch;
  } while (--k);
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
  v128.store(z, t0);
  v128.store(z, t1, 16);
  v128.store(z, t2, 32);
  v128.store(z, t3, 48);
}

/** One row of sixteen columns. */
function addTileRow(a: usize, step: usize, b: usize, pitch: usize, k: i32, y: usize): void {
  let s0 = v128.load(y);
  let s1 = v128.load(y, 16);
  let s2 = v128.load(y, 32);
  let s3 = v128.load(y, 48);
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

/** One row of up to four columns. */
function addColumns(
  a: usize,
  step: usize,
  b: usize,
  pitch: usize,
  k: i32,
  columns: i32,
  y: usize,
): void {
  let sum = loadSome(y, columns);
  do {
    sum = madd(v128.load_splat<f32>(a), loadSome(b, columns), sum);
    a += step;
    b += pitch;
  } while (--k);
  storeSome(y, sum, columns);
}
