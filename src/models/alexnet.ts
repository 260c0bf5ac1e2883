/**
 * AlexNet (Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional neural networks").
 * Figure 2 and §3: five convolutions, the second, fourth and fifth in two groups (one per GPU in the paper), response
 * normalisation after the first two, overlapping pooling, and three dense layers with dropout: 60,965,224 parameters.
 */
import { checkOptions, oneOf } from '../base/check.js';
import {
  adaptiveAvgPool2d,
  chain,
  conv2d,
  dropout,
  flatten,
  initializers,
  linear,
  localResponseNorm,
  maxPool2d,
  relu,
  sequential,
  type Layer,
  type Model,
} from '../layers/index.js';
import {
  IMAGENET,
  heInit,
  imageNetScale,
  leftOf,
  widthOf,
  windowsOf,
  type ImageNetOptions,
} from './image-options.js';

/** §5: weights from N(0, 0.01²); biases 1 where that gives ReLUs positive inputs at first, else 0. */
const paperInit = (bias: 0 | 1) => ({
  weightInit: initializers.normal(0, 0.01),
  biasInit: initializers.constant(bias),
});

/** §3.3: k = 2, n = 5, α = 10⁻⁴ of the sum of squares, β = 0.75. */
const responseNorm = () => localResponseNorm(5, { k: 2, alpha: 5e-4 });

/** Settings of `alexNet`. */
export interface AlexNetOptions extends ImageNetOptions {
  /**
   * `paper` (default), or `torchvision`: Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks",
   * without groups and response normalisation, for images of 224×224: 61,100,840 parameters.
   */
  readonly definition?: 'paper' | 'torchvision';
}

/** torchvision's layers, under its names; the size of its images is 224, and 63 at least. */
function laterNet(
  options: ImageNetOptions & Required<Pick<ImageNetOptions, 'channels' | 'classes' | 'width'>>,
): Model {
  const { size = 224, channels, classes, width } = options;
  const scaled = widthOf('alexNet', width);
  const [c64, c192, c384, c256] = [64, 192, 384, 256].map(scaled) as [
    number,
    number,
    number,
    number,
  ];
  const hidden = scaled(4096);
  const conv1 = windowsOf(size, 11, 4, 2);
  leftOf('alexNet', size, windowsOf(windowsOf(windowsOf(conv1, 3, 2), 3, 2), 3, 2));
  const conv = (from: number, to: number, kernel: number, padding: number): Layer =>
    conv2d(from, to, kernel, { padding, ...heInit });
  const features = [
    conv2d(channels, c64, 11, { stride: 4, padding: 2, ...heInit }),
    relu(),
    maxPool2d(3, { stride: 2 }),
    conv(c64, c192, 5, 2),
    relu(),
    maxPool2d(3, { stride: 2 }),
    conv(c192, c384, 3, 1),
    relu(),
    conv(c384, c256, 3, 1),
    relu(),
    conv(c256, c256, 3, 1),
    relu(),
    maxPool2d(3, { stride: 2 }),
  ];
  const classifier = [
    dropout(0.5),
    linear(c256 * 36, hidden, heInit),
    relu(),
    dropout(0.5),
    linear(hidden, hidden, heInit),
    relu(),
    linear(hidden, classes, heInit),
  ];
  return sequential(
    {
      features: chain(features),
      avgpool: adaptiveAvgPool2d(6),
      flatten: flatten(),
      classifier: chain(classifier),
    },
    { input: [channels, size, size], ...imageNetScale(channels, options) },
  );
}

/**
 * Images channels×227×227: the paper says 224, which cannot give the first layer's 55×55 outputs. Names follow
 * PyTorch's scheme (`features.0.weight`); torchvision's alexnet is another net, `definition: 'torchvision'`.
 */
export function alexNet(options: AlexNetOptions = {}): Model {
  const {
    channels = 3,
    classes = 1000,
    width = 1,
    definition = 'paper',
  } = checkOptions('alexNet', options, {
    ...IMAGENET,
    definition: oneOf(['paper', 'torchvision']),
  });
  if (definition === 'torchvision') return laterNet({ ...options, channels, classes, width });
  return paperNet({ ...options, channels, classes, width });
}

/** The layers of §3. */
function paperNet(
  options: ImageNetOptions & Required<Pick<ImageNetOptions, 'channels' | 'classes' | 'width'>>,
): Model {
  const { size = 227, channels, classes, width } = options;
  const scaled = widthOf('alexNet', width);
  // The initial values of one group; layers without groups have both groups' channels.
  const [c1, c2, c3, c5] = [48, 128, 192, 128].map((c) => 2 * scaled(c)) as [
    number,
    number,
    number,
    number,
  ];
  const hidden = scaled(4096);
  const conv1 = windowsOf(size, 11, 4);
  const pooled = windowsOf(windowsOf(windowsOf(conv1, 3, 2), 3, 2), 3, 2);
  const last = leftOf('alexNet', size, pooled);
  const features = [
    conv2d(channels, c1, 11, { stride: 4, ...paperInit(0) }),
    relu(),
    responseNorm(),
    maxPool2d(3, { stride: 2 }),
    conv2d(c1, c2, 5, { padding: 2, groups: 2, ...paperInit(1) }),
    relu(),
    responseNorm(),
    maxPool2d(3, { stride: 2 }),
    conv2d(c2, c3, 3, { padding: 1, ...paperInit(0) }),
    relu(),
    conv2d(c3, c3, 3, { padding: 1, groups: 2, ...paperInit(1) }),
    relu(),
    conv2d(c3, c5, 3, { padding: 1, groups: 2, ...paperInit(1) }),
    relu(),
    maxPool2d(3, { stride: 2 }),
  ];
  const classifier = [
    linear(c5 * last * last, hidden, paperInit(1)),
    relu(),
    dropout(0.5),
    linear(hidden, hidden, paperInit(1)),
    relu(),
    dropout(0.5),
    linear(hidden, classes, paperInit(0)),
  ];
  return sequential(
    { features: chain(features), flatten: flatten(), classifier: chain(classifier) },
    { input: [channels, size, size], ...imageNetScale(channels, options) },
  );
}
