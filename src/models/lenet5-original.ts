/**
 * LeNet-5 as it was printed (LeCun et al. 1998, §II.B and figure 2). C3 has its connection table, subsampling a
 * trainable factor and bias for each map, every layer up to F6 (also S2 and S4) is followed by 1.7159·tanh(2x/3), and
 * the output is squared distances to bitmaps of the digits. 60,000 parameters, the paper's count: C1 156, S2 12, C3
 * 1,516, S4 32, C5 48,120, F6 10,164; the bitmaps are fixed. lenet5.ts has today's usual form.
 */
import { checkOptions } from '../base/check.js';
import {
  connectedConv2d,
  conv2d,
  flatten,
  linear,
  rbf,
  scaledTanh,
  sequential,
  subsampling2d,
  type Model,
} from '../layers/index.js';
import { digitBitmaps } from './digit-bitmaps.js';

/** Table I: which of S2's six maps each of C3's sixteen sees, 60 connections. */
const C3 = [
  [0, 1, 2],
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 5],
  [0, 4, 5],
  [0, 1, 5],
  [0, 1, 2, 3],
  [1, 2, 3, 4],
  [2, 3, 4, 5],
  [0, 3, 4, 5],
  [0, 1, 4, 5],
  [0, 1, 2, 5],
  [0, 1, 3, 4],
  [1, 2, 4, 5],
  [0, 2, 3, 5],
  [0, 1, 2, 3, 4, 5],
];

/** Settings of `lenet5Original`. */
export interface LeNet5OriginalOptions {
  /** The target of F6 for each class, 84 values of ±1; default the digits' bitmaps. */
  readonly centres?: readonly (readonly number[])[];
}

/**
 * Images 1×32×32 (28×28 ones are framed) to ten penalties, the smallest of which is the answer. Train it with the
 * criterion of §II.C, equation 9: `mapCriterion({ j: 10 })`. The paper gives no j; this one is below the squared
 * distance of any two bitmaps, 36 or more.
 */
export function lenet5Original(options: LeNet5OriginalOptions = {}): Model {
  const { centres = digitBitmaps } = checkOptions('lenet5Original', options, { centres: true });
  return sequential(
    {
      c1: conv2d(1, 6, 5),
      c1act: scaledTanh(),
      s2: subsampling2d(6, 2),
      s2act: scaledTanh(),
      c3: connectedConv2d(6, C3, 5),
      c3act: scaledTanh(),
      s4: subsampling2d(16, 2),
      s4act: scaledTanh(),
      c5: conv2d(16, 120, 5),
      c5act: scaledTanh(),
      flat: flatten(),
      f6: linear(120, 84),
      f6act: scaledTanh(),
      output: rbf(84, centres.length, { centres }),
    },
    { input: [1, 32, 32], mean: 0.1 / 1.275, deviation: 1 / 1.275 },
  );
}
