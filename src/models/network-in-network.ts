/**
 * Network in Network (Lin, Chen & Yan 2014, §3). Each convolution is followed by two 1×1 convolutions, a small dense
 * net at every pixel ("mlpconv"), and the last feature maps, one per class, are averaged instead of fed to dense
 * layers. The paper gives no sizes; they are those of its authors' definitions for Caffe.
 */
import { checkOptions, oneOf } from '../base/check.js';
import {
  avgPool2d,
  chain,
  conv2d,
  dropout,
  globalAvgPool2d,
  maxPool2d,
  relu,
  sequential,
  type Conv2dOptions,
  type Layer,
  type Model,
} from '../layers/index.js';
import { IMAGENET, heInit, imageNetScale, widthOf, type ImageNetOptions } from './image-options.js';

/** A convolution and two 1×1 ones, with `widths` channels. */
function mlpconv(
  inChannels: number,
  [first, second, third]: readonly [number, number, number],
  kernelSize: number,
  options: Conv2dOptions,
): Layer {
  return chain([
    conv2d(inChannels, first, kernelSize, { ...options, ...heInit }),
    relu(),
    conv2d(first, second, 1, heInit),
    relu(),
    conv2d(second, third, 1, heInit),
    relu(),
  ]);
}

/** Settings of `networkInNetwork`. */
export interface NetworkInNetworkOptions extends ImageNetOptions {
  /** The net for CIFAR (default, 32×32, 10 classes, 966,986 parameters) or for ImageNet (227×227, 7,595,176). */
  readonly dataset?: 'cifar' | 'imagenet';
}

/** Images channels×size×size, of any size that pooling does not exhaust. */
export function networkInNetwork(options: NetworkInNetworkOptions = {}): Model {
  const {
    dataset = 'cifar',
    size = dataset === 'cifar' ? 32 : 227,
    channels = 3,
    classes = dataset === 'cifar' ? 10 : 1000,
    width = 1,
  } = checkOptions('networkInNetwork', options, {
    ...IMAGENET,
    dataset: oneOf(['cifar', 'imagenet']),
  });
  const c = widthOf('networkInNetwork', width);
  const halve = { stride: 2, ceilMode: true };
  const layers: Record<string, Layer> =
    dataset === 'cifar'
      ? {
          mlpconv1: mlpconv(channels, [c(192), c(160), c(96)], 5, { padding: 2 }),
          pool1: maxPool2d(3, halve),
          drop1: dropout(0.5),
          mlpconv2: mlpconv(c(96), [c(192), c(192), c(192)], 5, { padding: 2 }),
          pool2: avgPool2d(3, halve),
          drop2: dropout(0.5),
          mlpconv3: mlpconv(c(192), [c(192), c(192), classes], 3, { padding: 1 }),
        }
      : {
          mlpconv1: mlpconv(channels, [c(96), c(96), c(96)], 11, { stride: 4 }),
          pool1: maxPool2d(3, halve),
          mlpconv2: mlpconv(c(96), [c(256), c(256), c(256)], 5, { padding: 2 }),
          pool2: maxPool2d(3, halve),
          mlpconv3: mlpconv(c(256), [c(384), c(384), c(384)], 3, { padding: 1 }),
          pool3: maxPool2d(3, halve),
          drop3: dropout(0.5),
          mlpconv4: mlpconv(c(384), [c(1024), c(1024), classes], 3, { padding: 1 }),
        };
  return sequential(
    { ...layers, pool: globalAvgPool2d() },
    { input: [channels, size, size], ...imageNetScale(channels, options) },
  );
}
