/**
 * A net that tells classes of texts apart by how often words occur in them: the mean of vectors of the words, a hidden
 * layer and scores, as the deep averaging network of Iyyer et al. 2015, "Deep unordered composition rivals syntactic
 * methods for text classification". The vectors are the rows of the first layer's weights; `textDataset` makes the
 * features, whose roots weigh a word that is repeated less, and dropout leaves some of the words out, as in the paper.
 */
import { checkOptions, extent, required } from '../base/check.js';
import { dropout, flatten, linear, relu, sequential, type Model } from '../layers/index.js';

/** Settings of `textClassifier`. */
export interface TextClassifierOptions {
  /** Number of features of a text: the vocabulary's size. */
  readonly features: number;
  /** Default 2. */
  readonly classes?: number;
  /** Units of the hidden layer; default 64. */
  readonly hiddenSize?: number;
  /** Rate on words and on hidden units; default 0.3. */
  readonly dropout?: number;
}

/** From features F×1×1 to a score for each class. */
export function textClassifier(options: TextClassifierOptions): Model {
  const {
    features,
    classes = 2,
    hiddenSize = 64,
    dropout: rate = 0.3,
  } = checkOptions('textClassifier', options, {
    features: required(extent),
    classes: extent,
    hiddenSize: extent,
    dropout: true,
  });
  return sequential(
    {
      flat: flatten(),
      words: dropout(rate),
      hidden: linear(features, hiddenSize),
      act: relu(),
      drop: dropout(rate),
      output: linear(hiddenSize, classes),
    },
    // A text's features have a norm of 1: the largest is far below the deviation that layers expect.
    { input: [features, 1, 1], deviation: 0.1 },
  );
}
