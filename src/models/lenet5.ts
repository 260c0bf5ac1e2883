/**
 * LeNet-5 in its usual form today (LeCun et al. 1998, figure 2). It has plain average pooling, a full connection
 * between S2 and C3, and softmax cross-entropy in place of the RBF output. 61,706 parameters. The input is scaled as in
 * §III.A: background −0.1, ink 1.175.
 */
import { checkOptions, extent, type Checks } from '../base/check.js';
import {
  avgPool2d,
  conv2d,
  flatten,
  linear,
  sequential,
  tanh,
  type Model,
  type PerChannel,
} from '../layers/index.js';

/** Settings of `lenet5`. */
export interface LeNetOptions {
  /** Channels of the images; default 1. */
  readonly channels?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Mean and deviation of the images' values, from 0 to 1; default those that make paper −0.1 and ink 1.175. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
}

/** Checks of `LeNetOptions`, for `lenet1` as well. */
export const LENET: Checks<LeNetOptions> = {
  channels: extent,
  classes: extent,
  mean: true,
  deviation: true,
};

/** Images channels×32×32 (28×28 ones are framed), ten classes by default. */
export function lenet5(options: LeNetOptions = {}): Model {
  const {
    channels = 1,
    classes = 10,
    mean = 0.1 / 1.275,
    deviation = 1 / 1.275,
  } = checkOptions('lenet5', options, LENET);
  return sequential(
    {
      c1: conv2d(channels, 6, 5),
      c1act: tanh(),
      s2: avgPool2d(2),
      c3: conv2d(6, 16, 5),
      c3act: tanh(),
      s4: avgPool2d(2),
      flat: flatten(),
      c5: linear(400, 120),
      c5act: tanh(),
      f6: linear(120, 84),
      f6act: tanh(),
      output: linear(84, classes),
    },
    { input: [channels, 32, 32], mean, deviation },
  );
}
