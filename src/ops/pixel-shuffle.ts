/** Sub-pixel rearrangement (Shi et al. 2016), from channels to pixels and back, in PyTorch's order. */
import { ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { checkImages } from './pool2d.js';
import { reshape } from './reshape.js';
import { permute } from './transpose.js';

type Four = [N: number, C: number, H: number, W: number];

function check(name: string, x: Tensor, r: number): Four {
  checkImages(name, x);
  if (!Number.isInteger(r) || r < 1) {
    throw new ShapeError(name, `r is ${r}, expected a whole number of at least 1`);
  }
  return x.shape as unknown as Four;
}

/**
 * y[n, c, h·r + i, w·r + j] = x[n, c·r² + i·r + j, h, w]; x: N×(C·r²)×H×W, y: N×C×(H·r)×(W·r).
 * @throws ShapeError if r² does not divide the channels.
 */
export function pixelShuffle(x: Tensor, r: number): Tensor {
  const [N, channels, H, W] = check('pixelShuffle', x, r);
  const C = channels / (r * r);
  if (!Number.isInteger(C)) {
    throw new ShapeError(
      'pixelShuffle',
      `expected channels that ${r}² = ${r * r} divides, found ${showShape(x.shape)}`,
    );
  }
  const squares = permute(reshape(x, [N, C, r, r, H, W]), [0, 1, 4, 2, 5, 3]);
  return reshape(squares, [N, C, H * r, W * r]);
}

/** The inverse of `pixelShuffle`: N×C×(H·r)×(W·r) to N×(C·r²)×H×W. @throws ShapeError if r does not divide the sides. */
export function pixelUnshuffle(x: Tensor, r: number): Tensor {
  const [N, C, height, width] = check('pixelUnshuffle', x, r);
  const [H, W] = [height / r, width / r];
  if (!Number.isInteger(H) || !Number.isInteger(W)) {
    throw new ShapeError(
      'pixelUnshuffle',
      `expected sides that ${r} divides, found ${showShape(x.shape)}`,
    );
  }
  const squares = permute(reshape(x, [N, C, H, r, W, r]), [0, 1, 3, 5, 2, 4]);
  return reshape(squares, [N, C * r * r, H, W]);
}
