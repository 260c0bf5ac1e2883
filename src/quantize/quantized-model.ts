/** A quantised model, which predicts and is evaluated like the trained one that it was made from. */
import type { Classifier } from '../trained/trained-model.js';

/** How a layer is computed, and how far its values are from those of the trained model. */
export interface LayerReport {
  /** The layer's name: `c1`. */
  readonly name: string;
  /** What it computes: `conv2d`, `linear`, `maxPool2d`. */
  readonly kind: string;
  readonly computed: 'int8' | 'float';
  /** Why it stays float. */
  readonly reason?: string;
  /** Root of the mean squared difference from the float layer's values over that of these values, over the calibration samples. */
  readonly error?: number;
  /** Bytes of its weights, as stored. */
  readonly bytes: number;
}

/** A model that predicts on integers. */
export interface QuantizedModel extends Classifier {
  readonly report: readonly LayerReport[];
  /** SHA-256 of everything that its predictions depend on, in hexadecimal. */
  sha256(): Promise<string>;
}
