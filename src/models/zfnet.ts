/**
 * ZFNet (Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", figure 3). It is AlexNet with a
 * finer first layer (7×7 at stride 2) and without groups: 62,357,608 parameters, by the figure's sizes. Contrast
 * normalisation across feature maps is AlexNet's. The bound on the filters' norms (§3) is not part of the net.
 */
import { checkOptions } from '../base/check.js';
import {
  chain,
  conv2d,
  dropout,
  flatten,
  linear,
  localResponseNorm,
  maxPool2d,
  relu,
  sequential,
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

const responseNorm = () => localResponseNorm(5, { k: 2, alpha: 5e-4 });

/** Windows of 3 at stride 2; 26 pixels give the figure's 13, with a last one that extends beyond the image. */
const pool = () => maxPool2d(3, { stride: 2, ceilMode: true });
const pooled = (size: number) => Math.ceil((size - 3) / 2) + 1;

/** Images channels×224×224. */
export function zfNet(options: ImageNetOptions = {}): Model {
  const {
    size = 224,
    channels = 3,
    classes = 1000,
    width = 1,
  } = checkOptions('zfNet', options, IMAGENET);
  const scaled = widthOf('zfNet', width);
  const [c1, c2, c3, hidden] = [scaled(96), scaled(256), scaled(384), scaled(4096)] as const;
  const conv2 = windowsOf(pooled(windowsOf(size, 7, 2, 1)), 5, 2);
  const last = leftOf('zfNet', size, windowsOf(pooled(conv2), 3, 2));
  const features = [
    conv2d(channels, c1, 7, { stride: 2, padding: 1, ...heInit }),
    relu(),
    pool(),
    responseNorm(),
    conv2d(c1, c2, 5, { stride: 2, ...heInit }),
    relu(),
    pool(),
    responseNorm(),
    conv2d(c2, c3, 3, { padding: 1, ...heInit }),
    relu(),
    conv2d(c3, c3, 3, { padding: 1, ...heInit }),
    relu(),
    conv2d(c3, c2, 3, { padding: 1, ...heInit }),
    relu(),
    maxPool2d(3, { stride: 2 }),
  ];
  const classifier = [
    linear(c2 * last * last, hidden, heInit),
    relu(),
    dropout(0.5),
    linear(hidden, hidden, heInit),
    relu(),
    dropout(0.5),
    linear(hidden, classes, heInit),
  ];
  return sequential(
    { features: chain(features), flatten: flatten(), classifier: chain(classifier) },
    { input: [channels, size, size], ...imageNetScale(channels, options) },
  );
}
