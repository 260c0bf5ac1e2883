/**
 * DeepFace (Taigman, Yang, Ranzato & Wolf 2014, §3.2 and figure 2). Two convolutions with pooling between, three
 * locally connected layers, which look for different things at each place of an aligned face, and two dense ones.
 * 118,923,774 parameters at 152×152×3 with 4,030 people, by the extents printed in figure 2: C1 11,648, C3 41,488, L4
 * 62,774,800, L5 7,850,000, L6 2,829,456, F7 28,905,472, F8 16,510,910, with a bias for each place of locally connected
 * layers; the text says "more than 120 million".
 */
import { checkOptions, extent } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import {
  conv2d,
  dropout,
  flatten,
  initializers,
  linear,
  locallyConnected2d,
  maxPool2d,
  relu,
  sequential,
  type Model,
} from '../layers/index.js';
import { IMAGENET } from './image-options.js';

/** Settings of `deepFace`. */
export interface DeepFaceOptions {
  /** Height and width of the faces; default 152, at least 72. */
  readonly size?: number;
  /** Channels of the images; default 3. */
  readonly channels?: number;
  /** Number of people; default 4,030. */
  readonly classes?: number;
  /** Units of F7, the representation of a face; default 4,096. */
  readonly features?: number;
  /** Factor on the channels of C1 to L6, 32 and 16; default 1. */
  readonly width?: number;
}

/** Images channels×size×size, aligned faces, to one logit per person. @throws LanewiseError for images that are too small. */
export function deepFace(options: DeepFaceOptions = {}): Model {
  const {
    size = 152,
    channels = 3,
    classes = 4030,
    features = 4096,
    width = 1,
  } = checkOptions('deepFace', options, { ...IMAGENET, features: extent });
  const [first, other] = [Math.max(1, Math.round(32 * width)), Math.max(1, Math.round(16 * width))];
  // Extents of M2 (whose last pooling window may extend beyond), L4, L5 and L6.
  const m2 = Math.ceil((size - 10 - 3) / 2) + 1;
  const l4 = m2 - 8 - 8;
  const l6 = Math.floor((l4 - 7) / 2) + 1 - 4;
  if (!(l6 >= 1))
    throw new LanewiseError('argument', `deepFace: size is ${size}, expected at least 72`);
  const inits = { weightInit: initializers.heNormal(), biasInit: initializers.constant(0) };
  return sequential(
    {
      c1: conv2d(channels, first, 11, inits),
      c1act: relu(),
      m2: maxPool2d(3, { stride: 2, ceilMode: true }),
      c3: conv2d(first, other, 9, inits),
      c3act: relu(),
      l4: locallyConnected2d(other, other, 9),
      l4act: relu(),
      l5: locallyConnected2d(other, other, 7, { stride: 2 }),
      l5act: relu(),
      l6: locallyConnected2d(other, other, 5),
      l6act: relu(),
      flat: flatten(),
      f7: linear(other * l6 * l6, features, inits),
      f7act: relu(),
      drop: dropout(0.5),
      f8: linear(features, classes, inits),
    },
    { input: [channels, size, size] },
  );
}
