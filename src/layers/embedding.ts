/** Tables of vectors, by token and by position, in PyTorch's names and order: Embedding(rows, features). */
import * as ops from '../ops/index.js';
import { ShapeError } from '../graph/op.js';
import { showShape } from '../graph/tensor.js';
import { fanInUniform } from './initializer.js';
import { checkInteger, defineLayer, type Constructors, type Layer } from './layer.js';

/** U(−√3, √3): of variance 1, as the deviates PyTorch draws. */
const unitVariance = fanInUniform(1 / 3);

/**
 * weight[token] at each place: n or n×T whole numbers (an input with a `vocabulary`) to n×D or n×T×D.
 * Parameter: weight numEmbeddings×embeddingDim.
 * @throws LanewiseError kind 'argument' for extents that are no whole numbers in range.
 */
export function embedding(numEmbeddings: number, embeddingDim: number): Layer {
  checkInteger('embedding', 'numEmbeddings', numEmbeddings, 1);
  checkInteger('embedding', 'embeddingDim', embeddingDim, 1);
  return defineLayer('embedding', { numEmbeddings, embeddingDim }, (scope, x) =>
    ops.embedding(x!, scope.parameter('weight', [numEmbeddings, embeddingDim], unitVariance)),
  );
}

/**
 * x[n, t] + weight[t], what a transformer knows of places; x: n×T×embeddingDim with T ≤ length.
 * Parameter: weight length×embeddingDim.
 * @throws LanewiseError kind 'argument' for extents that are no whole numbers in range.
 */
export function positionEmbedding(length: number, embeddingDim: number): Layer {
  checkInteger('positionEmbedding', 'length', length, 1);
  checkInteger('positionEmbedding', 'embeddingDim', embeddingDim, 1);
  return defineLayer('positionEmbedding', { length, embeddingDim }, (scope, input) => {
    const x = input!;
    const [, T, D] = x.shape;
    if (x.shape.length !== 3 || T! > length || D !== embeddingDim) {
      throw new ShapeError(
        'positionEmbedding',
        `expected an input of n×T×${embeddingDim} with T up to ${length}, found ${showShape(x.shape)}`,
      );
    }
    const weight = scope.parameter('weight', [length, embeddingDim], unitVariance);
    return ops.add(x, T === length ? weight : ops.slice(weight, [[0, T!]]));
  });
}

export const embeddingLayers: Constructors = {
  embedding: ({ numEmbeddings, embeddingDim }) => embedding(numEmbeddings, embeddingDim),
  positionEmbedding: ({ length, embeddingDim }) => positionEmbedding(length, embeddingDim),
};
