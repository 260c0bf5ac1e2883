/** Keras' classes of layers, and what each becomes here. */
import {
  convolve1d,
  convolve2d,
  convolveDepthwise,
  convolveSeparable1d,
  convolveSeparable2d,
  convolveTransposed2d,
} from './keras-convolutions.js';
import { dense, drop, dropChannels, embed, identity, leftOut, rescaling } from './keras-dense.js';
import {
  added,
  averaged,
  concatenated,
  dotted,
  largest,
  multiplied,
  smallest,
  subtracted,
} from './keras-merges.js';
import { normalizeBatch, normalizeData, normalizeLayer } from './keras-normalizations.js';
import { cropping, globalPooling, pooling, upsampling2d, zeroPadding } from './keras-poolings.js';
import { bidirectional, recurrent } from './keras-recurrents.js';
import {
  activation,
  eluLayer,
  flattened,
  leakyReluLayer,
  permutedAxes,
  preluLayer,
  reluLayer,
  repeated,
  reshaped,
  softmaxLayer,
} from './keras-shapings.js';
import { innerOf, refuseIn, type Settings } from './keras-settings.js';
import type { Build, Site } from './keras-site.js';

/** Reads a layer's settings, notes what stands against it, and returns how it is built. */
export type Convert = (s: Settings) => Build;

/** Layers that do the same at each step by themselves. */
const STEPWISE = new Set([
  'Dense',
  'Activation',
  'Dropout',
  'LayerNormalization',
  'ReLU',
  'LeakyReLU',
  'ELU',
]);

/** The site of a wrapped layer, whose variables stand under it in `.keras` files. */
const withinWrapper = (site: Site): Site => ({
  ...site,
  arrays: (shapes, parts = []) => site.arrays(shapes, [{ attribute: 'layer' }, ...parts]),
  shapes: (variables, parts = []) => site.shapes(variables, [{ attribute: 'layer' }, ...parts]),
});

/** A layer at each step, for those that act on the last axis or on single values. */
function distributed(s: Settings): Build {
  const inner = innerOf(s, 'layer');
  if (!inner) return (_, value) => value;
  const { className } = inner.layer;
  if (STEPWISE.has(className)) {
    const build = CLASSES[className]!(inner);
    return (site, ...values) => build(withinWrapper(site), ...values);
  }
  refuseIn(s, `it wraps ${className}, expected ${[...STEPWISE].join(', ')}`);
  return (_, value) => value;
}

export const CLASSES: Readonly<Record<string, Convert>> = {
  Activation: activation,
  ActivityRegularization: leftOut,
  Add: added,
  AlphaDropout: leftOut,
  Average: averaged,
  AveragePooling1D: pooling('average', 1),
  AveragePooling2D: pooling('average', 2),
  BatchNormalization: normalizeBatch,
  Bidirectional: bidirectional,
  Concatenate: concatenated,
  Conv1D: convolve1d,
  Conv2D: convolve2d,
  Conv2DTranspose: convolveTransposed2d,
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Dense: dense,
  DepthwiseConv2D: convolveDepthwise,
  Dot: dotted,
  Dropout: drop,
  ELU: eluLayer,
  Embedding: embed,
  Flatten: flattened,
  GaussianDropout: leftOut,
  GaussianNoise: leftOut,
  GlobalAveragePooling1D: globalPooling('average', 1),
  GlobalAveragePooling2D: globalPooling('average', 2),
  GlobalMaxPooling1D: globalPooling('max', 1),
  GlobalMaxPooling2D: globalPooling('max', 2),
  GRU: recurrent,
  Identity: identity,
  LayerNormalization: normalizeLayer,
  LeakyReLU: leakyReluLayer,
  LSTM: recurrent,
  MaxPooling1D: pooling('max', 1),
  MaxPooling2D: pooling('max', 2),
  Maximum: largest,
  Minimum: smallest,
  Multiply: multiplied,
  Normalization: normalizeData,
  Permute: permutedAxes,
  PReLU: preluLayer,
  RandomFlip: leftOut,
  RandomRotation: leftOut,
  RandomTranslation: leftOut,
  RandomZoom: leftOut,
  RandomContrast: leftOut,
  RandomBrightness: leftOut,
  ReLU: reluLayer,
  RepeatVector: repeated,
  Rescaling: rescaling,
  Reshape: reshaped,
  SeparableConv1D: convolveSeparable1d,
  SeparableConv2D: convolveSeparable2d,
  SimpleRNN: recurrent,
  Softmax: softmaxLayer,
  SpatialDropout1D: dropChannels,
  SpatialDropout2D: dropChannels,
  Subtract: subtracted,
  TimeDistributed: distributed,
  UpSampling2D: upsampling2d,
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
};
