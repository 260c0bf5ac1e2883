/** Windows of convolutions and pools: extents, strides, dilations and padding along any number of axes. */
import type { Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import { fail, oneOf, part, wholes, type RuleCall } from './rule.js';

/** The attributes that all of them have. */
export const WINDOW = {
  auto_pad: oneOf('NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'),
  kernel_shape: wholes(undefined),
  strides: wholes(undefined),
  dilations: wholes(undefined),
  pads: wholes(undefined),
};

interface Given {
  readonly auto_pad: 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER';
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
}

/** A window along one axis: its padding before and after, and the number of its places. */
export interface Along {
  readonly extent: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly reach: number;
  readonly before: number;
  readonly after: number;
  readonly places: number;
}

/** An attribute with `rank` whole numbers of at least `least`; absent: all `absent`. */
export function listOf(
  call: RuleCall,
  name: string,
  given: readonly number[] | undefined,
  rank: number,
  absent: number,
): readonly number[] {
  const list = given ?? Array<number>(rank).fill(absent);
  if (list.length !== rank || !list.every((one) => one >= absent))
    fail(call, `has ${name} ${list.join(', ')}, expected ${rank} numbers of at least ${absent}`);
  return list;
}

/** The windows along the axes after batch and channels. @throws LanewiseError for numbers that do not fit. */
export function windowsOf(
  call: RuleCall,
  x: Tensor,
  kernel: readonly number[],
  given: Given,
  ceil = false,
): Along[] {
  const extents = x.shape.slice(2);
  const rank = extents.length;
  if (rank < 1 || kernel.length !== rank)
    fail(call, `has a kernel of ${kernel.length} axes for ${x.shape.length - 2} axes of an input`);
  const kernels = listOf(call, 'kernel_shape', kernel, rank, 1);
  const strides = listOf(call, 'strides', given.strides, rank, 1);
  const dilations = listOf(call, 'dilations', given.dilations, rank, 1);
  const pads = listOf(
    call,
    'pads',
    given.auto_pad === 'NOTSET' ? given.pads : undefined,
    2 * rank,
    0,
  );
  return extents.map((extent, axis) => {
    const [kernel, stride, dilation] = [kernels[axis]!, strides[axis]!, dilations[axis]!];
    const reach = dilation * (kernel - 1) + 1;
    const same = given.auto_pad.startsWith('SAME');
    const total = same
      ? Math.max(0, (Math.ceil(extent / stride) - 1) * stride + reach - extent)
      : 0;
    const odd = given.auto_pad === 'SAME_LOWER' ? Math.ceil : Math.floor;
    const before = same ? odd(total / 2) : pads[axis]!;
    const after = same ? total - before : pads[axis + rank]!;
    const free = extent + before + after - reach;
    let places = Math[ceil ? 'ceil' : 'floor'](free / stride) + 1;
    // A last window that begins in the padding behind is dropped.
    if (ceil && (places - 1) * stride >= extent + before) places--;
    if (places < 1) fail(call, `has a kernel of ${reach} for an extent of ${extent}`);
    return { extent, kernel, stride, dilation, reach, before, after, places };
  });
}

/** x (N×C×…) with `value` around it, as far as the windows need it. */
export function padded(x: Tensor, windows: readonly Along[], value: number): Tensor {
  const widths = windows.map(({ extent, before, reach, stride, places }): [number, number] => {
    const end = (places - 1) * stride + reach - before;
    return [before, Math.max(0, end - extent)];
  });
  if (widths.every((pair) => pair[0] + pair[1] === 0)) return x;
  return ops.pad(x, [[0, 0], [0, 0], ...widths], value);
}

/** Every `step`-th element along an axis, `count` of them from `start`. */
export function strided(
  x: Tensor,
  axis: number,
  start: number,
  step: number,
  count: number,
): Tensor {
  const { shape } = x;
  const end = start + (count - 1) * step + 1;
  const whole = end - start === shape[axis];
  const kept = whole ? x : part(x, axis, start, end);
  if (step === 1) return kept;
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const rows = ops.reshape(kept, [1, outer, end - start, inner]);
  const thinned = ops.maxPool2d(rows, { kernel: [1, 1], stride: [step, 1] });
  return ops.reshape(thinned, shape.with(axis, count));
}
