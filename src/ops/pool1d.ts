/** Pooling of sequences N×C×L, computed as images of height 1. */
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { globalMaxPool2d } from './adaptive-pool2d.js';
import {
  avgPool2d,
  globalAvgPool2d,
  maxPool2d,
  type AvgPoolAttributes,
  type PoolAttributes,
} from './pool2d.js';
import { reshape } from './reshape.js';

/** `Pool2d` attributes with numbers in place of pairs. */
type Along1d<A> = {
  readonly [Name in keyof A]: Name extends 'kernel' | 'stride' | 'padding' ? number : A[Name];
};

/** N×C×L as N×C×1×L. */
function asImages(name: string, x: Tensor): Tensor {
  if (x.shape.length === 3) return reshape(x, [x.shape[0]!, x.shape[1]!, 1, x.shape[2]!]);
  throw new ShapeError(name, `expected an input of N×C×L, found ${showShape(x.shape)}`);
}

/* @__NO_SIDE_EFFECTS__ */
function pool1d<A extends PoolAttributes>(
  name: string,
  pool: (x: Tensor, attributes: A) => Tensor,
) {
  return (x: Tensor, { kernel, stride, padding = 0, ...rest }: Along1d<A>): Tensor => {
    const along = { kernel: [1, kernel], stride: [1, stride], padding: [0, padding], ...rest };
    const y = pool(asImages(name, x), along as unknown as A);
    return reshape(y, [y.shape[0]!, y.shape[1]!, y.shape[3]!]);
  };
}

/** Mean over windows; x: N×C×L. @throws ShapeError if the kernel does not fit. */
export const avgPool1d = pool1d<AvgPoolAttributes>('avgPool1d', avgPool2d);

/** Maximum over windows; x: N×C×L. @throws ShapeError if the kernel does not fit. */
export const maxPool1d = pool1d<PoolAttributes>('maxPool1d', maxPool2d);

/** Mean over a whole sequence; x: N×C×L, result N×C. @throws ShapeError unless x holds sequences. */
export const globalAvgPool1d = (x: Tensor): Tensor =>
  globalAvgPool2d(asImages('globalAvgPool1d', x));

/** Maximum over a whole sequence, "over time" (Collobert et al. 2011); x: N×C×L, result N×C. @throws ShapeError for others. */
export const globalMaxPool1d = (x: Tensor): Tensor =>
  globalMaxPool2d(asImages('globalMaxPool1d', x));
