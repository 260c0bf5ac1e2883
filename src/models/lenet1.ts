/**
 * LeNet-1 (LeCun et al. 1990, "Handwritten digit recognition with a back-propagation network", §4). It has two
 * convolutions, each followed by trainable subsampling, and a dense layer: 98,442 connections and 2,578 parameters, the
 * paper’s counts: H1 104, H2 8, H3 512, H4 24, output 1,930. The output is linear, for softmax cross-entropy in place
 * of the paper's squared error.
 */
import { checkOptions } from '../base/check.js';
import {
  connectedConv2d,
  conv2d,
  flatten,
  linear,
  scaledTanh,
  sequential,
  subsampling2d,
  type Model,
} from '../layers/index.js';
import { LENET, type LeNetOptions } from './lenet5.js';

/** The maps of H2's four that each of H3's twelve sees: 20 connections, those of table 1 of LeCun et al. 1989. */
const H3 = [[0], [0, 1], [0, 1], [1], [0, 1], [0, 1], [2], [2, 3], [2, 3], [3], [2, 3], [2, 3]];

/** Images channels×28×28 (the paper's are 16×16, framed), ten classes by default, scaled as for lenet5. */
export function lenet1(options: LeNetOptions = {}): Model {
  const {
    channels = 1,
    classes = 10,
    mean = 0.1 / 1.275,
    deviation = 1 / 1.275,
  } = checkOptions('lenet1', options, LENET);
  return sequential(
    {
      h1: conv2d(channels, 4, 5),
      h1act: scaledTanh(),
      h2: subsampling2d(4, 2),
      h2act: scaledTanh(),
      h3: connectedConv2d(4, H3, 5),
      h3act: scaledTanh(),
      h4: subsampling2d(12, 2),
      h4act: scaledTanh(),
      flat: flatten(),
      output: linear(192, classes),
    },
    { input: [channels, 28, 28], mean, deviation },
  );
}
