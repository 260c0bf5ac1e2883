/** Rules of convolutions, transposed ones, and pools, along one to three axes. */
import { LanewiseError } from '../../base/errors.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  fail,
  flag,
  optional,
  real,
  rule,
  whole,
  wholes,
  type RuleCall,
  type Rules,
} from './rule.js';
import { listOf, padded, strided, WINDOW, windowsOf, type Along } from './windows.js';

/** x of N×C×L as N×C×1×L, and windows to fit. */
const POINT: Along = {
  extent: 1,
  kernel: 1,
  stride: 1,
  dilation: 1,
  reach: 1,
  before: 0,
  after: 0,
  places: 1,
};

const inserted = (t: Tensor): Tensor =>
  t.shape.length === 3 ? ops.reshape(t, [t.shape[0]!, t.shape[1]!, 1, t.shape[2]!]) : t;

type Pair = readonly [number, number];

const pairOf = (
  windows: readonly Along[],
  name: 'kernel' | 'stride' | 'dilation' | 'before',
): Pair => windows.map((window) => window[name]) as unknown as Pair;

const isEven = ({ before, after }: Along): boolean => before === after;

/** A convolution over two axes. */
function conv2d(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  windows: readonly Along[],
  groups: number,
): Tensor {
  const even = windows.every(isEven);
  const [stride, dilation] = [pairOf(windows, 'stride'), pairOf(windows, 'dilation')];
  const padding = even ? pairOf(windows, 'before') : ([0, 0] as const);
  return ops.conv2d(even ? x : padded(x, windows, 0), w, b, { stride, padding, dilation, groups });
}

/** N×C×D×H×W as (N·D)×C×H×W, and back. */
const depthOut = (x: Tensor): Tensor => {
  const [N, C, D, H, W] = x.shape as [number, number, number, number, number];
  return ops.reshape(ops.transpose(x, 1, 2), [N * D, C, H, W]);
};
const depthIn = (y: Tensor, N: number): Tensor => {
  const [rows, C, H, W] = y.shape as [number, number, number, number];
  return ops.transpose(ops.reshape(y, [N, rows / N, C, H, W]), 1, 2);
};

/** One plane of a kernel O×C×D×H×W. */
function planeOf(w: Tensor, t: number): Tensor {
  const shape = w.shape.toSpliced(2, 1);
  return ops.reshape(ops.slice(w, [[], [], [t, t + 1]]), shape);
}

/** A convolution over three axes: the sum of one over two axes for each plane of the kernel. */
function conv3d(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  windows: readonly Along[],
  groups: number,
): Tensor {
  const [depth, ...area] = windows as [Along, Along, Along];
  const deep = padded(x, [depth, POINT, POINT], 0);
  const terms = Array.from({ length: depth.kernel }, (_, t) => {
    const part = strided(deep, 2, t * depth.dilation, depth.stride, depth.places);
    return conv2d(depthOut(part), planeOf(w, t), t === 0 ? b : null, area, groups);
  });
  return depthIn(
    terms.reduce((a, term) => ops.add(a, term)),
    x.shape[0]!,
  );
}

function conv(call: RuleCall, given: { group: number } & Parameters<typeof windowsOf>[3]): Tensor {
  const [x, w, b] = [at(call, 0), at(call, 1), optional(call, 2) ?? null];
  checkRank(call, x, w);
  const { group } = given;
  if (group < 1 || x.shape[1] !== w.shape[1]! * group || w.shape[0]! % group)
    fail(
      call,
      `has ${group} groups for an input ${showShape(x.shape)} and weights ${showShape(w.shape)}`,
    );
  const windows = windowsOf(call, x, w.shape.slice(2), given);
  if (windows.length === 3) return conv3d(x, w, b, windows, group);
  if (windows.length === 2) return conv2d(x, w, b, windows, group);
  const y = conv2d(inserted(x), inserted(w), b, [POINT, ...windows], group);
  return ops.reshape(y, y.shape.toSpliced(2, 1));
}

function checkRank(call: RuleCall, x: Tensor, w: Tensor): void {
  const rank = x.shape.length;
  if (rank < 3 || rank > 5 || w.shape.length !== rank)
    fail(
      call,
      `has an input ${showShape(x.shape)} and weights ${showShape(w.shape)}, expected N×C and one to three axes`,
    );
}

/** What a transposed convolution leaves out of its whole result along an axis, before and after; below 0: zeros more. */
interface Cut {
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

interface Transposed {
  readonly auto_pad: string;
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
  readonly output_padding: readonly number[] | undefined;
  readonly output_shape: readonly number[] | undefined;
}

function cutsOf(call: RuleCall, x: Tensor, w: Tensor, given: Transposed): Cut[] {
  const rank = x.shape.length - 2;
  const strides = listOf(call, 'strides', given.strides, rank, 1);
  const dilations = listOf(call, 'dilations', given.dilations, rank, 1);
  const extra = listOf(call, 'output_padding', given.output_padding, rank, 0);
  const pads = listOf(
    call,
    'pads',
    given.auto_pad === 'NOTSET' ? given.pads : undefined,
    2 * rank,
    0,
  );
  // Some files write batch and channels too.
  const size = given.output_shape?.slice(-rank);
  const same = given.auto_pad.startsWith('SAME');
  return strides.map((stride, axis) => {
    const dilation = dilations[axis]!;
    const places = x.shape[axis + 2]!;
    const whole = stride * (places - 1) + dilation * (w.shape[axis + 2]! - 1) + 1 + extra[axis]!;
    const wanted = size?.[axis] ?? (same ? places * stride : undefined);
    const total = wanted === undefined ? 0 : whole - wanted;
    const half = Math.floor(Math.max(0, total) / 2);
    const first = given.auto_pad === 'SAME_UPPER' ? half : Math.max(0, total) - half;
    const before = wanted === undefined ? pads[axis]! : first;
    const after = (wanted === undefined ? pads[axis + rank]! : total - first) - extra[axis]!;
    return { stride, dilation, before, after };
  });
}

/** y without what the cuts leave out. */
function cropped(call: RuleCall, y: Tensor, cuts: readonly Cut[]): Tensor {
  const grown = cuts.map(({ after }): Pair => [0, Math.max(0, -after)]);
  const wide = grown.some(([, more]) => more > 0) ? ops.pad(y, [[0, 0], [0, 0], ...grown]) : y;
  if (cuts.every(({ before, after }) => before === 0 && after <= 0)) return wide;
  const ranges = cuts.map(({ before, after }, axis): Pair => {
    const end = wide.shape[axis + 2]! - Math.max(0, after);
    if (before >= end) fail(call, 'has more padding than output');
    return [before, end];
  });
  return ops.slice(wide, [[], [], ...ranges]);
}

/** The whole transposed convolution over two axes, and over three as a sum over the kernel's planes. */
function spread(x: Tensor, w: Tensor, cuts: readonly Cut[], groups: number): Tensor {
  const pair = cuts.slice(-2);
  const two = (t: Tensor, kernel: Tensor): Tensor =>
    ops.convTranspose2d(t, kernel, null, {
      stride: pair.map(({ stride }) => stride) as unknown as Pair,
      dilation: pair.map(({ dilation }) => dilation) as unknown as Pair,
      padding: [0, 0],
      outputPadding: [0, 0],
      groups,
    });
  if (cuts.length === 2) return two(x, w);
  const { stride, dilation } = cuts[0]!;
  const [N, , D] = x.shape as [number, number, number];
  const K = w.shape[2]!;
  const terms = Array.from({ length: K }, (_, t) => {
    const y = depthIn(two(depthOut(x), planeOf(w, t)), N);
    const [, O, , H, W] = y.shape as [number, number, number, number, number];
    // Zeros between the planes, then before and after them.
    const apart = ops.pad(ops.reshape(y, [N, O, D, 1, H * W]), [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, stride - 1],
      [0, 0],
    ]);
    const rows = ops.slice(ops.reshape(apart, [N, O, D * stride, H, W]), [
      [],
      [],
      [0, (D - 1) * stride + 1],
    ]);
    return ops.pad(rows, [
      [0, 0],
      [0, 0],
      [t * dilation, (K - 1 - t) * dilation],
      [0, 0],
      [0, 0],
    ]);
  });
  return terms.reduce((a, term) => ops.add(a, term));
}

function convTranspose(call: RuleCall, given: Transposed & { group: number }): Tensor {
  const [x, w, b] = [at(call, 0), at(call, 1), optional(call, 2)];
  checkRank(call, x, w);
  const { group } = given;
  if (group < 1 || x.shape[1]! % group || x.shape[1] !== w.shape[0])
    fail(
      call,
      `has ${group} groups for an input ${showShape(x.shape)} and weights ${showShape(w.shape)}`,
    );
  const cuts = cutsOf(call, x, w, given);
  const flat = cuts.length === 1;
  const whole = spread(
    inserted(x),
    inserted(w),
    flat ? [{ stride: 1, dilation: 1, before: 0, after: 0 }, ...cuts] : cuts,
    group,
  );
  const y = cropped(call, flat ? ops.reshape(whole, whole.shape.toSpliced(2, 1)) : whole, cuts);
  return b ? ops.add(y, ops.reshape(b, [sizeOf(b.shape), ...cuts.map(() => 1)])) : y;
}

/** A pool over two axes at a time; those over more are one after another, as windows are products of ranges. */
type Pool2d = (x: Tensor, windows: readonly Along[]) => Tensor;

function pool(x: Tensor, windows: readonly Along[], over: Pool2d): Tensor {
  const [N, C] = x.shape as [number, number];
  if (windows.length === 2) return over(x, windows);
  if (windows.length === 1) {
    const y = over(inserted(x), [POINT, ...windows]);
    return ops.reshape(y, y.shape.toSpliced(2, 1));
  }
  const [depth, height, width] = windows as [Along, Along, Along];
  const planes = over(ops.reshape(x, [N, C * depth.extent, height.extent, width.extent]), [
    height,
    width,
  ]);
  const area = height.places * width.places;
  const rows = { ...POINT, extent: area, places: area };
  const y = over(ops.reshape(planes, [N, C, depth.extent, area]), [depth, rows]);
  return ops.reshape(y, [N, C, depth.places, height.places, width.places]);
}

const attributesOf = (windows: readonly Along[]) => ({
  kernel: pairOf(windows, 'kernel'),
  stride: pairOf(windows, 'stride'),
});

/** Whether the op pads as these windows are padded: evenly, at most half of a window, and none reaches beyond. */
const isPlain = (windows: readonly Along[]): boolean =>
  windows.every(
    (window) =>
      isEven(window) &&
      window.dilation === 1 &&
      window.before <= window.kernel / 2 &&
      window.places ===
        Math.floor((window.extent + 2 * window.before - window.kernel) / window.stride) + 1,
  );

/** The elements under the taps of windows, joined by `op` along one axis after the other. */
function overTaps(x: Tensor, windows: readonly Along[], op: typeof ops.add): Tensor {
  return windows.reduce((t, { kernel, dilation, stride, places }, i) => {
    if (kernel > 1024)
      throw new LanewiseError('file', `a dilated pool has windows of ${kernel}, at most 1024`);
    const own = Array.from({ length: kernel }, (_, tap) =>
      strided(t, i + 2, tap * dilation, stride, places),
    );
    return own.reduce((sum, tap) => op(sum, tap));
  }, x);
}

const maxPool: Pool2d = (x, windows) => {
  if (isPlain(windows))
    return ops.maxPool2d(x, { ...attributesOf(windows), padding: pairOf(windows, 'before') });
  const wide = padded(x, windows, -Infinity);
  if (windows.every(({ dilation }) => dilation === 1))
    return ops.maxPool2d(wide, attributesOf(windows));
  return overTaps(wide, windows, ops.maximum);
};

/** Means over windows with zeros around; those count as values if they are the file's padding and `include` says so. */
const avgPool =
  (include: boolean): Pool2d =>
  (x, windows) => {
    if (isPlain(windows))
      return ops.avgPool2d(x, {
        ...attributesOf(windows),
        padding: pairOf(windows, 'before'),
        countIncludePad: include,
      });
    const sums = (t: Tensor): Tensor =>
      windows.every(({ dilation }) => dilation === 1)
        ? ops.avgPool2d(padded(t, windows, 0), attributesOf(windows))
        : overTaps(padded(t, windows, 0), windows, ops.add);
    const own = windows.map(({ extent, before, after }) =>
      include ? extent + before + after : extent,
    );
    const counted = windows.map(({ before, ...window }, i) => ({
      ...window,
      extent: own[i]!,
      before: include ? 0 : before,
    })) as Along[];
    const ones = padded(ops.constant(1, [1, 1, ...own]), counted, 0);
    const counts = windows.every(({ dilation }) => dilation === 1)
      ? ops.avgPool2d(ones, attributesOf(windows))
      : overTaps(ones, counted, ops.add);
    return ops.divide(sums(x), counts);
  };

/* @__NO_SIDE_EFFECTS__ */
const pooling = (over: (given: { count_include_pad: number }) => Pool2d, what: string) =>
  rule(
    { ...WINDOW, ceil_mode: flag(0), count_include_pad: flag(0), storage_order: flag(0) },
    (call, given) => {
      const x = at(call, 0);
      if (call.output > 0) fail(call, `gives the places of ${what}, which are not supported`);
      const rank = x.shape.length;
      if (rank < 3 || rank > 5)
        fail(call, `has an input ${showShape(x.shape)}, expected N×C and one to three axes`);
      const kernel = given.kernel_shape ?? fail(call, 'has no kernel_shape');
      return pool(x, windowsOf(call, x, kernel, given, given.ceil_mode === 1), over(given));
    },
  );

/** xᵖ of x from 0, and its inverse. */
const raisedTo = (x: Tensor, p: number): Tensor =>
  Number.isInteger(p) && p > 0 ? ops.power(x, p) : ops.pow(x, ops.constant(p, []));
const root = (x: Tensor, p: number): Tensor =>
  p === 1 ? x : p === 2 ? ops.sqrt(x) : ops.pow(x, ops.constant(1 / p, []));

/** N×C×… as N×C×H×W. */
const asImages = (x: Tensor): Tensor => {
  const [N, C, ...rest] = x.shape as [number, number, ...number[]];
  return ops.reshape(x, [N, C, sizeOf(rest.slice(0, -1)), rest.at(-1) ?? 1]);
};

const ofPlanes = (x: Tensor): Shape => [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)];

export const windowRules: Rules = {
  AveragePool: pooling(({ count_include_pad }) => avgPool(count_include_pad === 1), 'means'),
  Conv: rule({ ...WINDOW, group: whole(1) }, (call, given) => conv(call, given)),
  ConvTranspose: rule(
    {
      ...WINDOW,
      group: whole(1),
      output_padding: wholes(undefined),
      output_shape: wholes(undefined),
    },
    (call, given) => convTranspose(call, given),
  ),
  GlobalAveragePool: rule({}, (call) => {
    const x = at(call, 0);
    return ops.reshape(ops.globalAvgPool2d(asImages(x)), ofPlanes(x));
  }),
  GlobalMaxPool: rule({}, (call) => {
    const x = at(call, 0);
    return ops.reshape(ops.globalMaxPool2d(asImages(x)), ofPlanes(x));
  }),
  GlobalLpPool: rule({ p: real(2) }, (call, { p }) => {
    const x = at(call, 0);
    return root(ops.sum(raisedTo(ops.abs(x), p), [...x.shape.keys()].slice(2), true), p);
  }),
  LpPool: rule({ ...WINDOW, ceil_mode: flag(0), p: real(2) }, (call, given) => {
    const x = at(call, 0);
    const kernel = given.kernel_shape ?? fail(call, 'has no kernel_shape');
    const windows = windowsOf(call, x, kernel, given, given.ceil_mode === 1);
    // A sum that counts what is outside as zeros is a mean times the size of a window.
    const wide = padded(raisedTo(ops.abs(x), given.p), windows, 0);
    const inner = windows.map((window, i) => ({
      ...window,
      extent: wide.shape[i + 2]!,
      before: 0,
      after: 0,
    }));
    return root(ops.scale(pool(wide, inner, avgPool(true)), sizeOf(kernel)), given.p);
  }),
  MaxPool: pooling(() => maxPool, 'maxima'),
};
