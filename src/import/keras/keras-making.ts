/** A model in the making from a Keras net. */
import type { Shape } from '../../graph/tensor.js';
import type { Layer, Wire } from '../../layers/index.js';
import type { Dialect } from './keras-settings.js';
import type { KerasLayer, KerasNet } from './keras-topology.js';
import type { WeightSource } from './keras-weights.js';

/** A file as its reader gives it. */
export interface KerasFile {
  /** Its name in messages. */
  readonly file: string;
  readonly net: KerasNet;
  readonly dialect: Dialect;
  readonly source: WeightSource;
  /** Shapes of samples in the file's order, for inputs whose file leaves extents open. */
  readonly inputs: Readonly<Record<string, Shape>>;
}

export interface Making extends KerasFile {
  /** Layers by their names in the model, with those of the file that they are of. */
  readonly layers: Map<string, readonly [Layer, KerasLayer]>;
  /** The names that the file's own layers have in the model. */
  readonly names: ReadonlySet<string>;
  readonly weights: Map<string, Float32Array>;
  readonly refusals: string[];
  readonly inputWires: Map<string, Wire>;
  /** The number of tokens of inputs that embeddings take, by the inputs' names. */
  readonly vocabularies: Map<string, number>;
  /** Whether images are C×H×W in the file already. */
  readonly isChannelsFirst: boolean;
}
