/**
 * Denoising autoencoder (Vincent, Larochelle, Bengio & Manzagol 2008, §2.3). A part of the input's values is destroyed,
 * and the net learns to reconstruct the whole from the rest: sigmoid(W′·sigmoid(W·x̃ + b) + b′). Its outputs are
 * logits, for the cross-entropy of the paper's equation 3: `binaryCrossEntropyWithLogits` with the input as target. W′
 * is a separate matrix (the paper optionally ties it to Wᵀ).
 */
import { checkOptions, extent, listOf } from '../base/check.js';
import { dropout, linear, sequential, sigmoid, type Layer, type Model } from '../layers/index.js';

/** Settings of `denoisingAutoencoder`. */
export interface DenoisingAutoencoderOptions {
  /** Values of a sample; default 784. */
  readonly features?: number;
  /** Units of each layer from input to code, repeated in reverse on the way back; default 500. */
  readonly hidden?: readonly number[];
  /** The probability that an input value is set to 0, ν; default 0.25. The others are divided by 1 − ν. */
  readonly corruption?: number;
}

/** Samples of `features` values from 0 to 1. `hidden: [500]` has 785,284 parameters. */
export function denoisingAutoencoder(options: DenoisingAutoencoderOptions = {}): Model {
  const {
    features = 784,
    hidden = [500],
    corruption = 0.25,
  } = checkOptions('denoisingAutoencoder', options, {
    features: extent,
    hidden: listOf(extent),
    corruption: true,
  });
  const units = [features, ...hidden];
  const layers: Record<string, Layer> = { corrupt: dropout(corruption) };
  hidden.forEach((count, i) => {
    layers[`encode${i + 1}`] = linear(units[i]!, count);
    layers[`act${i + 1}`] = sigmoid();
  });
  for (let i = hidden.length; i > 0; i--) {
    layers[`decode${i}`] = linear(units[i]!, units[i - 1]!);
    if (i > 1) layers[`backact${i}`] = sigmoid();
  }
  return sequential(layers, { input: [features] });
}
