/** Embedding tables for tokens and positions, with PyTorch's names and order: Embedding(rows, features). */
import { checkOptions, extent, flag } from '../base/check.js';
import * as ops from '../ops/index.js';
import { ShapeError } from '../graph/op.js';
import { showShape } from '../graph/tensor.js';
import { normal } from './initializers.js';
import { initializer, initSettings, type InitOptions } from './initializer.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/** Default N(0, 1), as in PyTorch. */
type TableInit = Pick<InitOptions, 'weightInit'>;

/** Settings of `embedding`. */
export interface EmbeddingOptions extends TableInit {
  /** Whether it also takes vectors …×D, and gives their products with all rows, …×numEmbeddings; default false. */
  readonly reversible?: boolean;
}

/**
 * weight[token] at each place, from n or n×T whole numbers (an input with a `vocabulary`) to n×D or n×T×D. A
 * `reversible` one also serves as a model's head, whose weights are then tied to the tokens' (Press & Wolf 2017).
 * Parameter: weight numEmbeddings×embeddingDim.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers in range.
 */
export function embedding(
  numEmbeddings: number,
  embeddingDim: number,
  options: EmbeddingOptions = {},
): Layer {
  checkOptions('embedding', options, { reversible: flag, weightInit: initializer });
  const { reversible = false, ...inits } = options;
  extent('embedding', 'numEmbeddings', numEmbeddings);
  extent('embedding', 'embeddingDim', embeddingDim);
  const { weightInit = normal() } = inits;
  const settings = {
    numEmbeddings,
    embeddingDim,
    reversible,
    ...initSettings(inits),
  };
  return defineLayer('embedding', settings, (scope, x) => {
    const weight = scope.parameter('weight', [numEmbeddings, embeddingDim], weightInit);
    return reversible && x!.dtype === 'f32'
      ? ops.linear(x!, weight, null)
      : ops.embedding(x!, weight);
  });
}

/**
 * x[n, t] + weight[t], a transformer's knowledge of positions; x: n×T×embeddingDim with T ≤ length.
 * Parameter: weight length×embeddingDim.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers in range.
 */
export function positionEmbedding(
  length: number,
  embeddingDim: number,
  inits: TableInit = {},
): Layer {
  checkOptions('positionEmbedding', inits, { weightInit: initializer });
  extent('positionEmbedding', 'length', length);
  extent('positionEmbedding', 'embeddingDim', embeddingDim);
  const { weightInit = normal() } = inits;
  const settings = { length, embeddingDim, ...initSettings(inits) };
  return defineLayer('positionEmbedding', settings, (scope, input) => {
    const x = input!;
    const [, T, D] = x.shape;
    if (x.shape.length !== 3 || T! > length || D !== embeddingDim) {
      throw new ShapeError(
        'positionEmbedding',
        `expected an input of n×T×${embeddingDim} with T up to ${length}, found ${showShape(x.shape)}`,
      );
    }
    const weight = scope.parameter('weight', [length, embeddingDim], weightInit);
    return ops.add(x, T === length ? weight : ops.slice(weight, [[0, T!]]));
  });
}

export const embeddingLayers: Constructors = {
  embedding: ({ numEmbeddings, embeddingDim, ...options }) =>
    embedding(numEmbeddings, embeddingDim, options),
  positionEmbedding: ({ length, embeddingDim, ...options }) =>
    positionEmbedding(length, embeddingDim, options),
};
