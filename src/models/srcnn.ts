/**
 * SRCNN (Dong, Loy, He & Tang 2014, "Learning a deep convolutional network for image super-resolution", §3). Three
 * convolutions, 9×9, 1×1 and 5×5, turn an image enlarged by interpolation into a sharper one. 8,032 weights for one
 * channel, the paper's count (§4), and 97 biases: 8,129 parameters. Train it with `meanSquaredError`.
 */
import { checkOptions, extent, listOf } from '../base/check.js';
import {
  conv2d,
  initializers,
  relu,
  sequential,
  type Initializer,
  type Model,
} from '../layers/index.js';

/** Settings of `srcnn`. */
export interface SrcnnOptions {
  /** Height and width of the images, which are square; default 33, the size of the paper's sub-images. */
  readonly size?: number;
  /** Channels of the images; default 1, luminance. */
  readonly channels?: number;
  /** Filters of the first and second layer; default 64 and 32. */
  readonly filters?: readonly [number, number];
  /** Extents of the filters; default 9, 1, 5. */
  readonly kernels?: readonly [number, number, number];
  /** `same` (default) keeps the extent; `valid` is the paper's for training: 33×33 to 21×21. */
  readonly padding?: 'same' | 'valid';
  /** Default variance 2/fan-in; the paper’s, normal of deviation 0.001, takes very many steps to grow. */
  readonly weightInit?: Initializer;
}

/** Images channels×size×size from 0 to 1 to images of the same scale. */
export function srcnn(options: SrcnnOptions = {}): Model {
  const {
    size = 33,
    channels = 1,
    filters: [n1, n2] = [64, 32],
    kernels: [f1, f2, f3] = [9, 1, 5],
    padding = 'same',
    weightInit = initializers.heNormal(),
  } = checkOptions('srcnn', options, {
    size: extent,
    channels: extent,
    filters: listOf(extent, 2, 2),
    kernels: listOf(extent, 3, 3),
    padding: true,
    weightInit: true,
  });
  const same = { padding, weightInit, biasInit: initializers.constant(0) };
  return sequential(
    {
      conv1: conv2d(channels, n1, f1, same),
      relu1: relu(),
      conv2: conv2d(n1, n2, f2, same),
      relu2: relu(),
      conv3: conv2d(n2, channels, f3, same),
    },
    { input: [channels, size, size] },
  );
}
