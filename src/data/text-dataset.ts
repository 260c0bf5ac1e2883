/** Data sets of texts with one class each, as rows of features. */
import {
  checkOptions,
  listOf,
  oneOf,
  quote,
  refuse,
  required,
  text,
  wholeFrom,
  type Check,
  type Checks,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Dataset } from './dataset.js';
import { checksumOfText } from './origin.js';
import { installBags } from './bag-tools.js';
import { bagsOf, bagVocabulary, type TextUnit } from './text-bags.js';

/** Texts and how they become rows. */
export interface TextDatasetOptions {
  readonly texts: readonly string[];
  /** The class of each text, by its name. */
  readonly labels: readonly string[];
  /** All classes in order; default those that occur, in the order of their code units. */
  readonly classes?: readonly string[];
  /** Features are words (default) or three characters in a row. */
  readonly by?: TextUnit;
  /** Number of features at most; default 4096, or as many as leave the rows within 256 MiB. */
  readonly features?: number;
  /** The vocabulary of other texts, such as the training part's or a model's; default these texts' own. */
  readonly vocabulary?: readonly string[];
  /** Default `texts`. */
  readonly name?: string;
}

/** A text, which may be empty. */
const anyText: Check = (owner, name, value) => {
  if (typeof value !== 'string') refuse(owner, name, value, 'a text');
};

const CHECKS: Checks<TextDatasetOptions> = {
  texts: /* @__PURE__ */ required(/* @__PURE__ */ listOf(anyText)),
  labels: /* @__PURE__ */ required(/* @__PURE__ */ listOf(text)),
  classes: /* @__PURE__ */ listOf(text),
  by: /* @__PURE__ */ oneOf(['words', 'trigrams']),
  features: /* @__PURE__ */ wholeFrom(2),
  vocabulary: /* @__PURE__ */ listOf(anyText, 2),
  name: text,
};

const FEATURES = 4096;
const BYTES = 2 ** 28;

/** So many features, unless fewer are asked for. */
export const featuresFor = (texts: number): number =>
  Math.max(64, Math.min(FEATURES, Math.floor(BYTES / 4 / texts)));

/** Texts with classes, and the vocabulary of their features. */
export type LabelledTexts = Dataset & Required<Pick<Dataset, 'vocabulary' | 'text'>>;

/**
 * Texts with one class each as samples of shape [features, 1, 1]: how often each word, or three characters in a row,
 * occurs, divided by the text's norm. A model that was trained on it keeps the vocabulary, and predicts texts:
 * `model.predict(['a text'])`.
 * @throws LanewiseError kind 'data' for another number of labels than texts, and a label that is none of the classes.
 */
export function textDataset(options: TextDatasetOptions): LabelledTexts {
  const {
    texts,
    labels: names,
    by = 'words',
    features = featuresFor(texts.length),
    vocabulary = bagVocabulary(texts, by, features),
    classes = [...new Set<string>(names)].toSorted(),
    name = 'texts',
  } = checkOptions('textDataset', options, CHECKS);
  if (names.length !== texts.length)
    throw new LanewiseError(
      'data',
      `textDataset: ${texts.length} texts have ${names.length} labels, expected one each`,
    );
  if (vocabulary[0] !== '')
    refuse(
      'textDataset',
      'vocabulary',
      vocabulary,
      "a list that begins with '', for all other words",
    );
  installBags(bagsOf);
  const places = new Map(classes.map((one, place) => [one, place]));
  const labels = Int32Array.from(names, (label, i) => {
    const place = places.get(label);
    if (place !== undefined) return place;
    throw new LanewiseError(
      'data',
      `textDataset: label ${i} is ${quote(label)}, expected one of ${classes.join(', ')}`,
    );
  });
  return {
    name,
    shape: [vocabulary.length, 1, 1],
    classes,
    samples: bagsOf(texts, by, vocabulary),
    labels,
    vocabulary,
    text: { length: vocabulary.length, by },
    origin: { samples: texts.length, fingerprint: fingerprintOf(texts, names), selections: [] },
  };
}

/** Equal for the same texts with the same classes in the same order. */
export const fingerprintOf = (texts: readonly string[], labels: readonly string[]): string =>
  `${checksumOfText(texts.join('\0'))}-${checksumOfText(labels.join('\0'))}`;
