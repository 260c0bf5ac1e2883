/** Convolution and pooling of volumes N×C×D×H×W, by the kernels for images. */
import {
  checkOptions,
  extent,
  flag,
  listOf,
  natural,
  required,
  type Checks,
} from '../base/check.js';
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { concat } from './concat.js';
import { conv2d, windows } from './conv2d.js';
import { avgPool2d, maxPool2d, type AvgPoolAttributes } from './pool2d.js';
import { reshape } from './reshape.js';
import { steppedSlice } from './slice-steps.js';
import { pad } from './slice.js';
import { permute } from './transpose.js';

/** For depth, height and width. */
export type Triple = readonly [depth: number, height: number, width: number];

export interface Conv3dAttributes {
  readonly stride: Triple;
  /** Zeros before and after each axis. */
  readonly padding: Triple;
  /** Steps between a kernel's taps; default 1. */
  readonly dilation?: Triple | undefined;
  /** Groups into which the channels of both sides are split; default 1. */
  readonly groups?: number | undefined;
}

/* @__NO_SIDE_EFFECTS__ */
const tripleOf = (check: typeof extent) => listOf(check, 3, 3);

const CONV_CHECKS: Checks<Conv3dAttributes> = {
  stride: /* @__PURE__ */ required(/* @__PURE__ */ tripleOf(extent)),
  padding: /* @__PURE__ */ required(/* @__PURE__ */ tripleOf(natural)),
  dilation: /* @__PURE__ */ tripleOf(extent),
  groups: extent,
};

/**
 * y[n, o, p, q, r] = b[o] + Σ_{c,i,j,k} w[o, c, i, j, k] · x[n, g + c, p·stride + i·dilation − padding, …]: one 2-D convolution of as many
 * channels as there are taps of depth. x: N×C×D×H×W, w: O×C/groups×kd×kh×kw, b: O or null. It copies x kd times.
 * @throws ShapeError if the shapes do not go together, or the kernel does not fit.
 */
export function conv3d(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  attributes: Conv3dAttributes,
): Tensor {
  checkOptions('conv3d', attributes, CONV_CHECKS);
  const { stride, padding, dilation = [1, 1, 1], groups = 1 } = attributes;
  if (x.shape.length !== 5 || w.shape.length !== 5) {
    throw new ShapeError(
      'conv3d',
      `input ${showShape(x.shape)} (N×C×D×H×W) does not fit weight ${showShape(w.shape)} (O×C×kd×kh×kw)`,
    );
  }
  const [N, C, D, H, W] = x.shape as [number, number, number, number, number];
  const [O, each, kd, kh, kw] = w.shape as [number, number, number, number, number];
  const P = windows(D, (kd - 1) * dilation[0] + 1, stride[0], padding[0]);
  if (P < 1 || each * groups !== C) {
    throw new ShapeError(
      'conv3d',
      `input ${showShape(x.shape)} does not fit weight ${showShape(w.shape)} (groups: ${groups}, padding of depth: ${padding[0]})`,
    );
  }
  const none = [0, 0] as const;
  const padded = padding[0] > 0 ? pad(x, [none, none, [padding[0], padding[0]], none, none]) : x;
  const taps = Array.from({ length: kd }, (_, i) => {
    const first = i * dilation[0];
    const depth = [first, first + (P - 1) * stride[0] + 1, stride[0]] as const;
    return reshape(steppedSlice(padded, [[], [], depth]), [N, C, 1, P, H, W]);
  });
  const stacked = taps.length === 1 ? taps[0]! : concat(taps, 2);
  const images = reshape(permute(stacked, [0, 3, 1, 2, 4, 5]), [N * P, C * kd, H, W]);
  const y = conv2d(images, reshape(w, [O, each * kd, kh, kw]), b, {
    stride: [stride[1], stride[2]],
    padding: [padding[1], padding[2]],
    dilation: [dilation[1], dilation[2]],
    groups,
  });
  return permute(reshape(y, [N, P, O, y.shape[2]!, y.shape[3]!]), [0, 2, 1, 3, 4]);
}

export interface Pool3dAttributes {
  readonly kernel: Triple;
  readonly stride: Triple;
  /** At most half of the kernel; default 0. */
  readonly padding?: Triple | undefined;
  /** Whether a last window may extend beyond the padding, if it begins before its end; default false. */
  readonly ceilMode?: boolean | undefined;
}

export interface AvgPool3dAttributes extends Pool3dAttributes {
  /** Whether a mean counts the padding's zeros; default true. */
  readonly countIncludePad?: boolean | undefined;
}

const POOL_CHECKS: Checks<Pool3dAttributes> = {
  kernel: /* @__PURE__ */ required(/* @__PURE__ */ tripleOf(extent)),
  stride: /* @__PURE__ */ required(/* @__PURE__ */ tripleOf(extent)),
  padding: /* @__PURE__ */ tripleOf(natural),
  ceilMode: flag,
};

/** Windows over height and width, then over depth, as maxima and means of boxes are those of their planes'. */
function pool3d(
  pool: (x: Tensor, attributes: AvgPoolAttributes) => Tensor,
  name: string,
  x: Tensor,
  { kernel, stride, padding = [0, 0, 0], ...rest }: AvgPool3dAttributes,
): Tensor {
  if (x.shape.length !== 5) {
    throw new ShapeError(name, `expected an input of N×C×D×H×W, found ${showShape(x.shape)}`);
  }
  const [N, C, D, H, W] = x.shape as [number, number, number, number, number];
  const planes = pool(reshape(x, [N, C * D, H, W]), {
    ...rest,
    kernel: [kernel[1], kernel[2]],
    stride: [stride[1], stride[2]],
    padding: [padding[1], padding[2]],
  });
  const [, , P, Q] = planes.shape as [number, number, number, number];
  const y = pool(reshape(planes, [N, C, D, P * Q]), {
    ...rest,
    kernel: [kernel[0], 1],
    stride: [stride[0], 1],
    padding: [padding[0], 0],
  });
  return reshape(y, [N, C, y.shape[2]!, P, Q]);
}

/** Maximum over boxes; x: N×C×D×H×W. Its gradient goes to the first maximum. @throws ShapeError if the kernel does not fit. */
export function maxPool3d(x: Tensor, attributes: Pool3dAttributes): Tensor {
  checkOptions('maxPool3d', attributes, POOL_CHECKS);
  return pool3d(maxPool2d, 'maxPool3d', x, attributes);
}

/** Mean over boxes; x: N×C×D×H×W. @throws ShapeError if the kernel does not fit. */
export function avgPool3d(x: Tensor, attributes: AvgPool3dAttributes): Tensor {
  checkOptions('avgPool3d', attributes, { ...POOL_CHECKS, countIncludePad: flag });
  return pool3d(avgPool2d, 'avgPool3d', x, attributes);
}
