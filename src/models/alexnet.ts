/**
 * AlexNet (Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional neural networks").
 * Figure 2 and §3: five convolutions, the second, fourth and fifth in two groups (one per GPU in the paper), response
 * normalisation after the first two, overlapping pooling, and three dense layers with dropout: 60,965,224 parameters.
 */
import { checkOptions } from '../base/check.js';
import {
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
  type Model,
} from '../layers/index.js';
import {
  IMAGENET,
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

/**
 * Images channels×227×227: the paper says 224, which cannot give the first layer's 55×55 outputs. Names follow
 * PyTorch's scheme (`features.0.weight`); torchvision's alexnet is another net (Krizhevsky 2014).
 */
export function alexNet(options: ImageNetOptions = {}): Model {
  const {
    size = 227,
    channels = 3,
    classes = 1000,
    width = 1,
  } = checkOptions('alexNet', options, IMAGENET);
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
