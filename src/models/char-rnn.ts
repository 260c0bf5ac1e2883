/**
 * Recurrent nets that read a text character by character and predict the next one at each place. They follow Karpathy
 * 2015, "The unreasonable effectiveness of recurrent neural networks" (char-rnn), after Graves 2013, "Generating
 * sequences with recurrent neural networks". Characters are vectors from a table; the one-hot vectors of both papers
 * amount to the same, as they select columns of a layer's input weights.
 */
import { checkOptions, extent, type Checks } from '../base/check.js';
import {
  dropout,
  embedding,
  linear,
  lstm,
  rnn,
  sequential,
  type Layer,
  type Model,
} from '../layers/index.js';

/** Settings of `charRnn`. */
export interface CharRnnOptions {
  /** Number of different characters. */
  readonly vocabulary: number;
  /** Characters in a window; default 64. */
  readonly length?: number;
  /** Features of a character's vector; default 32. */
  readonly embeddingDim?: number;
  /** Default 128. */
  readonly hiddenSize?: number;
  /** Default 1. */
  readonly numLayers?: number;
  /** Rate between recurrent layers and after the last (Zaremba et al. 2014); default 0. */
  readonly dropout?: number;
}

type Recurrent = (inputSize: number, hiddenSize: number, options: object) => Layer;

const CHECKS: Checks<CharRnnOptions> = {
  vocabulary: extent,
  length: extent,
  embeddingDim: extent,
  hiddenSize: extent,
  numLayers: extent,
  dropout: true,
};

/** From tokens T to scores T×vocabulary. */
function reader(owner: string, recurrent: Recurrent, options: CharRnnOptions): Model {
  const {
    vocabulary,
    length = 64,
    embeddingDim = 32,
    hiddenSize = 128,
    numLayers = 1,
    dropout: rate = 0,
  } = checkOptions(owner, options, CHECKS);
  extent(owner, 'vocabulary', vocabulary);
  return sequential(
    {
      embedding: embedding(vocabulary, embeddingDim),
      rnn: recurrent(embeddingDim, hiddenSize, { numLayers, dropout: rate }),
      dropout: dropout(rate),
      output: linear(hiddenSize, vocabulary),
    },
    { input: [length], vocabulary },
  );
}

/** The net with Elman's recurrent layers: h = tanh(W·x + b + U·h + c). */
export const charRnn = (options: CharRnnOptions): Model => reader('charRnn', rnn, options);

/** The net with long short-term memory. */
export const charLstm = (options: CharRnnOptions): Model => reader('charLstm', lstm, options);
