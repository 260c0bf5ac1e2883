/** Recipes of the models that read and write texts, character by character. */
import type { Model } from '../layers/index.js';
import { charLstm, charRnn } from './char-rnn.js';
import { gpt } from './gpt.js';
import { textClassifier } from './text-classifier.js';
import type { Recipe } from './recipes.js';

/** A text's requirements of a model. */
export interface TextSettings {
  /** Number of different tokens. */
  readonly vocabulary: number;
  /** Tokens in a window. */
  readonly length: number;
}

/** The usual settings for texts of a page to a book. */
const usual = {
  loss: 'crossEntropy',
  optimizer: 'adam',
  weightDecay: 0,
  schedule: 'linear',
  batch: 32,
  epochs: 10,
} as const;

/** What `inspect` shows without a text: about as many characters as a book has. */
const BOOK: TextSettings = { vocabulary: 96, length: 64 };

/** A recipe of a model of texts. */
export interface TextRecipe extends Recipe {
  readonly ofText: (text: TextSettings) => Model;
}

const recipe = (ofText: TextRecipe['ofText'], learningRate: number): TextRecipe => ({
  ...usual,
  ofText,
  create: () => ofText(BOOK),
  learningRate,
});

export const textRecipes: Readonly<Record<string, TextRecipe>> = {
  charlstm: recipe((text) => charLstm(text), 0.005),
  charrnn: recipe((text) => charRnn(text), 0.003),
  gpt: recipe((text) => gpt(text), 0.003),
};

/** The recipe of the net that tells classes of texts apart. */
export const classifierRecipe: Recipe = {
  loss: 'crossEntropy',
  optimizer: 'adam',
  learningRate: 0.005,
  weightDecay: 0.0001,
  schedule: 'linear',
  batch: 32,
  epochs: 10,
  create: () => textClassifier({ features: 4096 }),
};

/** Its name on the command line. */
export const CLASSIFIER = 'textclassifier';
