/**
 * Locally connected layers, convolutions whose filters differ from place to place. They go back to LeCun 1989; see also
 * Taigman et al. 2014, DeepFace, §3.2. Each of the P×Q places has one product of N×K patches and K×O weights, K =
 * C·kh·kw; a place's weights are contiguous with their outputs innermost, since reading them is most of the work.
 * Strides sh, sw, no padding. w: P×Q×K×O.
 */
import { slopesOf, upTo } from '../src/program/scratch';
import { tapOffsets } from './im2col';
import { LANES, floats, loadTail, madd, storeTail } from './simd';

/** Copies the patch of each image at `at` bytes into a row of K. */
function gatherPatches(x: usize, N: i32, image: usize, taps: usize, K: i32, to: usize): void {
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < K; k++) {
      store<f32>(to, load<f32>(x + <usize>load<u32>(taps + floats(k))));
      to += 4;
    }
    x += image;
  }
}

@inline
function loadUpTo(p: usize, count: i32): v128 {
  return count >= LANES ? v128.load(p) : loadTail(p, count);
}

@inline
function storeUpTo(p: usize, v: v128, count: i32): void {
  if (count >= LANES) v128.store(p, v);
  else storeTail(p, v, count);
}

/** Writes the first `count` lanes `bytes` apart. */
@inline
function storeSpaced(p: usize, v: v128, count: i32, bytes: usize): void {
  v128.store_lane<f32>(p, v, 0);
  if (count > 1) v128.store_lane<f32>(p + bytes, v, 1);
  if (count > 2) v128.store_lane<f32>(p + bytes * 2, v, 2);
  if (count > 3) v128.store_lane<f32>(p + bytes * 3, v, 3);
}

/**
 * y[n, o, p, q] = b[o, p, q] + Σ_{c,i,j} w[p, q, (c, i, j), o] · x[n, c, p·sh + i, q·sw + j]; b: O×P×Q or 0.
 * workspace: see src/ops/workspace.ts, `locallyConnectedWorkspace`.
 */
export function locallyConnected2d(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  workspace: usize,
): void {
  const K = C * kh * kw;
  const patches = workspace + floats(K);
  const row = floats(K);
  const plane = floats(P * Q);
  const image = plane * O;
  tapOffsets(H, W, kh, kw, 1, 1, 0, K, workspace);
  for (let p = 0; p < P; p++) {
    for (let q = 0; q < Q; q++) {
      const from = x + floats(p * sh * W + q * sw);
      gatherPatches(from, N, floats(C * H * W), workspace, K, patches);
      const place = floats(p * Q + q);
      for (let o = 0; o < O; o += LANES) {
        const some = min(LANES, O - o);
        let bias = f32x4.splat(0);
        if (b) {
          const at = b + plane * o + place;
          bias = v128.load32_zero(at);
          if (some > 1) bias = v128.load_lane<f32>(at + plane, bias, 1);
          if (some > 2) bias = v128.load_lane<f32>(at + plane * 2, bias, 2);
          if (some > 3) bias = v128.load_lane<f32>(at + plane * 3, bias, 3);
        }
        for (let n = 0; n < N; n += 4) {
          // Images beyond the last repeat it.
          const a0 = patches + row * n;
          const a1 = patches + row * min(n + 1, N - 1);
          const a2 = patches + row * min(n + 2, N - 1);
          const a3 = patches + row * min(n + 3, N - 1);
          let s0 = f32x4.splat(0);
          let s1 = s0;
          let s2 = s0;
          let s3 = s0;
          let weights = w + floats(o);
          for (let k: usize = 0; k < row; k += 4) {
            const v = loadUpTo(weights, some);
            s0 = madd(v128.load_splat<f32>(a0 + k), v, s0);
            s1 = madd(v128.load_splat<f32>(a1 + k), v, s1);
            s2 = madd(v128.load_splat<f32>(a2 + k), v, s2);
            s3 = madd(v128.load_splat<f32>(a3 + k), v, s3);
            weights += floats(O);
          }
          const to = y + image * n + plane * o + place;
          storeSpaced(to, f32x4.add(s0, bias), some, plane);
          if (n + 1 < N) storeSpaced(to + image, f32x4.add(s1, bias), some, plane);
          if (n + 2 < N) storeSpaced(to + image * 2, f32x4.add(s2, bias), some, plane);
          if (n + 3 < N) storeSpaced(to + image * 3, f32x4.add(s3, bias), some, plane);
        }
      }
      w += row * O;
    }
  }
}

/**
 * dw[p, q, (c, i, j), o] = Σ_n dy[n, o, p, q] · x[n, c, p·sh + i, q·sw + j], in order of n.
 * workspace: see src/ops/workspace.ts, `locallyConnectedWorkspace`.
 */
export function locallyConnected2dWeightGradient(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  x: usize,
  dy: usize,
  dw: usize,
  workspace: usize,
): void {
  const K = C * kh * kw;
  const patches = workspace + floats(K);
  const slopes = patches + floats(N * K);
  const plane = floats(P * Q);
  tapOffsets(H, W, kh, kw, 1, 1, 0, K, workspace);
  for (let p = 0; p < P; p++) {
    for (let q = 0; q < Q; q++) {
      const from = x + floats(p * sh * W + q * sw);
      gatherPatches(from, N, floats(C * H * W), workspace, K, patches);
      const place = dy + floats(p * Q + q);
      for (let i = 0; i < N * O; i++) {
        store<f32>(slopes + floats(i), load<f32>(place + plane * i));
      }
      for (let k = 0; k < K; k++) {
        for (let o = 0; o < O; o += LANES) {
          const some = min(LANES, O - o);
          let sum = f32x4.splat(0);
          for (let n = 0; n < N; n++) {
            const g = loadUpTo(slopes + floats(n * O + o), some);
            sum = madd(v128.load_splat<f32>(patches + floats(n * K + k)), g, sum);
          }
          storeUpTo(dw + floats(o), sum, some);
        }
        dw += floats(O);
      }
    }
  }
}

/**
 * dx[n, c, p·sh + i, q·sw + j] += Σ_o w[p, q, (c, i, j), o] · dy[n, o, p, q], over all places and taps, with one image
 * per lane. workspace: see src/ops/workspace.ts, `locallyConnectedWorkspace`.
 */
export function locallyConnected2dInputGradient(
  N: i32,
  C: i32,
  H: i32,
  W: i32,
  O: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  w: usize,
  dy: usize,
  dx: usize,
  workspace: usize,
): void {
  const K = C * kh * kw;
  const slopes = workspace + floats(K);
  const plane = floats(P * Q);
  const image = floats(C * H * W);
  const columns = floats(upTo(N, LANES));
  tapOffsets(H, W, kh, kw, 1, 1, 0, K, workspace);
  memory.fill(dx, 0, image * N);
  memory.fill(slopes, 0, floats(slopesOf(N, O)));
  for (let p = 0; p < P; p++) {
    for (let q = 0; q < Q; q++) {
      const place = dy + floats(p * Q + q);
      for (let n = 0; n < N; n++) {
        for (let o = 0; o < O; o++) {
          const value = load<f32>(place + plane * (n * O + o));
          store<f32>(slopes + columns * o + floats(n), value);
        }
      }
      const to = dx + floats(p * sh * W + q * sw);
      for (let k = 0; k < K; k++) {
        const at = to + <usize>load<u32>(workspace + floats(k));
        for (let n = 0; n < N; n += LANES) {
          let g = slopes + floats(n);
          let sum = f32x4.splat(0);
          for (let o = 0; o < O; o++) {
            sum = madd(v128.load_splat<f32>(w + floats(o)), v128.load(g), sum);
            g += columns;
          }
          const first = at + image * n;
          addLane(first, f32x4.extract_lane(sum, 0));
          if (n + 1 < N) addLane(first + image, f32x4.extract_lane(sum, 1));
          if (n + 2 < N) addLane(first + image * 2, f32x4.extract_lane(sum, 2));
          if (n + 3 < N) addLane(first + image * 3, f32x4.extract_lane(sum, 3));
        }
        w += floats(O);
      }
    }
  }
}

@inline
function addLane(to: usize, value: f32): void {
  store<f32>(to, load<f32>(to) + value);
}
