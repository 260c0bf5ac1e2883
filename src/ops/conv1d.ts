/** 1-D cross-correlation, computed as conv2d of images of height 1. */
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { conv2d, type Conv2dAttributes } from './conv2d.js';
import { reshape } from './reshape.js';

export interface Conv1dAttributes {
  readonly stride: number;
  readonly padding: number | 'same' | 'valid';
  readonly dilation?: number | undefined;
  readonly groups?: number | undefined;
  readonly paddingMode?: Conv2dAttributes['paddingMode'];
}

/**
 * y[n, o, q] = b[o] + Σ_{c,j} w[o, c, j] · x[n, g + c, q·stride + j·dilation − padding]; settings as in conv2d.
 * x: N×C×L, w: O×C/groups×k, b: O or null; y: N×O×Q.
 * @throws ShapeError as conv2d does, which sees N×C×1×L and O×C/groups×1×k.
 */
export function conv1d(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  { stride, padding, dilation = 1, groups, paddingMode }: Conv1dAttributes,
): Tensor {
  if (x.shape.length !== 3 || w.shape.length !== 3) {
    throw new ShapeError(
      'conv1d',
      `input ${showShape(x.shape)} (N×C×L) does not fit weight ${showShape(w.shape)} (O×C×k)`,
    );
  }
  const [N, C, L] = x.shape as [number, number, number];
  const [O, each, k] = w.shape as [number, number, number];
  const y = conv2d(reshape(x, [N, C, 1, L]), reshape(w, [O, each, 1, k]), b, {
    stride: [1, stride],
    padding: typeof padding === 'number' ? [0, padding] : padding,
    dilation: [1, dilation],
    groups,
    // A single row has nothing above and below to replicate, and needs no padding there.
    paddingMode,
  });
  return reshape(y, [N, O, y.shape[3]!]);
}
