/** The geometry of a convolution: its extents, the padding of its images, and the kernels that compute it. */
import { ShapeError } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';

/** A vertical and a horizontal number. */
export type Pair = readonly [number, number];

export type Algorithm = 'auto' | 'direct';

/** A convolution with equal zero padding on opposite sides, as the kernels know it. */
export interface Geometry {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  readonly algorithm?: Algorithm | undefined;
}

/** Number of window places along one axis: ⌊(extent + 2·padding − kernel)/stride⌋ + 1. */
export const windows = (extent: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((extent + 2 * padding - kernel) / stride) + 1;

/** The span of a dilated kernel: dilation·(kernel − 1) + 1. */
export const reach = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;

/** @throws ShapeError unless both are whole numbers of at least `least`. */
export function checkPair(op: string, name: string, pair: Pair, least: number): void {
  if (pair.length === 2 && pair.every((value) => Number.isInteger(value) && value >= least)) return;
  throw new ShapeError(
    op,
    `${name} is ${pair.join('×')}, expected whole numbers of at least ${least}`,
  );
}

export const showPair = ([a, b]: Pair): string => (a === b ? String(a) : `${a}×${b}`);

/** @throws ShapeError unless `groups` is a whole number that divides both numbers of channels. */
export function checkGroups(op: string, groups: number, inputs: number, outputs: number): void {
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ShapeError(op, `groups is ${groups}, expected a whole number of at least 1`);
  }
  const undivided = undividedBy(groups, inputs, outputs);
  if (undivided) throw new ShapeError(op, undivided);
}

/** A message if `groups` does not divide both numbers of channels. */
export function undividedBy(groups: number, inputs: number, outputs: number): string | undefined {
  const undivided = inputs % groups ? `${inputs} input` : outputs % groups && `${outputs} output`;
  return undivided ? `groups ${groups} do not divide ${undivided} channels` : undefined;
}

/** @throws ShapeError unless x is N×C×H×W and w O×C/groups×kh×kw. */
export function checkOperands(op: string, x: Tensor, w: Tensor, groups: number): void {
  const images = x.shape.length === 4 && w.shape.length === 4;
  if (images) checkGroups(op, groups, x.shape[1]!, w.shape[0]!);
  if (images && x.shape[1] === w.shape[1]! * groups) return;
  const C = groups === 1 ? 'C' : `C/${groups}`;
  throw new ShapeError(
    op,
    `input ${showShape(x.shape)} (N×C×H×W) does not fit weight ${showShape(w.shape)} (O×${C}×kh×kw)`,
  );
}

/** Extents of a convolution from its input and weight shapes; see assembly/conv2d.ts for the letters. */
export function extents(x: Shape, w: Shape, { stride, padding, dilation, groups }: Geometry) {
  const [N, C, H, W] = x as [number, number, number, number];
  const [O, , kh, kw] = w as [number, number, number, number];
  const [sh, sw] = stride;
  const [ph, pw] = padding;
  const [dilationH, dilationW] = dilation;
  const P = windows(H, reach(kh, dilationH), sh, ph);
  const Q = windows(W, reach(kw, dilationW), sw, pw);
  return { N, C, H, W, O, kh, kw, sh, sw, ph, pw, dilationH, dilationW, groups, P, Q };
}

export type Extents = ReturnType<typeof extents>;

/** The kernels' leading operands. */
export const leading = ({ N, C, H, W, O, kh, kw, sh, sw, ph, pw, P, Q }: Extents) =>
  [N, C, H, W, O, kh, kw, sh, sw, ph, pw, P, Q] as const;

/** Leading operands of the depthwise kernels; with `groups` before them, of the grouped kernels. */
export const leadingDilated = (e: Extents) =>
  [
    ...([e.N, e.C, e.H, e.W, e.O, e.kh, e.kw, e.sh, e.sw, e.ph, e.pw] as const),
    ...([e.dilationH, e.dilationW, e.P, e.Q] as const),
  ] as const;

/** The operands of Winograd's kernels before the buffers, and after the workspace. */
export const leadingTiled = ({ N, C, H, W, O, ph, pw, P, Q }: Extents) =>
  [N, C, H, W, O, ph, pw, P, Q] as const;
export const trailingTiled = (e: Extents) => [e.groups, e.kh, tileOf(e)] as const;

/** The extents of one group. */
export const groupOf = (e: Extents): Extents => ({ ...e, C: e.C / e.groups, O: e.O / e.groups });

/** The gradient by the input is itself a convolution: of dy, with rotated filters. */
export const turned = (e: Extents): Extents => ({
  ...e,
  C: e.O,
  O: e.C,
  H: e.P,
  W: e.Q,
  P: e.H,
  Q: e.W,
  ph: e.kh - 1 - e.ph,
  pw: e.kw - 1 - e.pw,
});

/**
 * The extent of the tiles of outputs by which Winograd's kernels (assembly/conv2d-winograd.ts) compute a convolution whose
 * filters they have a transform for.
 */
export function tileOf({ kh, H, W, P, Q, ph, pw }: Extents): number {
  const isPlaneOf2 = H === 2 && W === 2 && P === 2 && Q === 2 && ph === 1 && pw === 1;
  return kh === 5 || isPlaneOf2 ? 2 : 4;
}

/** Multiplications of a product that the transform of one element costs, on each side. */
const TRANSFORM = 4;

/**
 * Whether Winograd's kernels are quicker, by the multiplications for an image, whole tiles and transforms included. Planes
 * of 2×2 and 3×3 filters with tiles at least half full need not be counted.
 */
function isWorthTransforming(e: Extents): boolean {
  const { kh, P, Q } = e;
  const [C, O] = [e.C / e.groups, e.O / e.groups];
  const tile = tileOf(e);
  const tiles = Math.ceil(P / tile) * Math.ceil(Q / tile);
  if (kh === 3 && (tile === 2 || P * Q >= 8 * tiles)) return true;
  return 36 * tiles * (1 + TRANSFORM / C + TRANSFORM / O) < 0.8 * kh * kh * P * Q;
}

/**
 * The kernels for a convolution: `depthwise` for groups of one channel, `winograd` for 3×3 and 5×5 filters of stride 1
 * where their transforms save work, `grouped` for other groups and for dilation, else `dense`.
 *
 * The choice does not depend on the batch, and so neither does a sample's result.
 */
export function kernelsFor(
  e: Extents,
  algorithm: Algorithm | undefined,
): 'depthwise' | 'grouped' | 'winograd' | 'dense' {
  const { kh, kw, sh, sw, ph, pw, dilationH, dilationW, groups } = e;
  const [C, O] = [e.C / groups, e.O / groups];
  if (groups > 1 && C === 1) return 'depthwise';
  const isDilated = dilationH > 1 || dilationW > 1;
  const otherwise = groups > 1 || isDilated ? 'grouped' : 'dense';
  if (algorithm === 'direct' || isDilated || sh !== 1 || sw !== 1) return otherwise;
  const hasTransform = (kh === 3 || kh === 5) && kw === kh && ph >= 0 && pw >= 0;
  const fits = hasTransform && C % 4 === 0 && O % 4 === 0 && C >= 8 && O >= 8;
  return fits && isWorthTransforming(e) ? 'winograd' : otherwise;
}

export const flops = ({ N, C, O, kh, kw, groups, P, Q }: Extents): number =>
  2 * N * O * P * Q * (C / groups) * kh * kw;
