/** Text as tokens, one per character, and windows of them with the characters that follow. */
import { checkOptions, refuse, listOf, text, isList, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { TensorDataset } from './dataset.js';

/** Characters (code points), each once; a token is an index into them. */
export type Vocabulary = readonly string[];

/** The characters of a text in the order of their code points. @throws LanewiseError kind 'data' if it is empty. */
export function vocabularyOf(text: string): Vocabulary {
  if (typeof text !== 'string') refuse('vocabularyOf', 'text', text, 'a text');
  if (text === '') throw new LanewiseError('data', 'an empty text has no vocabulary');
  return [...new Set(text)].toSorted((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
}

/** One token per character. @throws LanewiseError kind 'data' for a character that is not in the vocabulary. */
export function encodeText(text: string, vocabulary: Vocabulary): Int32Array {
  if (typeof text !== 'string') refuse('encodeText', 'text', text, 'a text');
  checkVocabulary('encodeText', vocabulary);
  const tokens = new Map(vocabulary.map((character, token) => [character, token]));
  return Int32Array.from([...text], (character, i) => {
    const token = tokens.get(character);
    if (token !== undefined) return token;
    throw new LanewiseError(
      'data',
      `character ${JSON.stringify(character)} at ${i} is none of the vocabulary's ${vocabulary.length}`,
    );
  });
}

/** @throws LanewiseError kind 'data' for a token that is not below the vocabulary's size. */
export function decodeText(tokens: ArrayLike<number>, vocabulary: Vocabulary): string {
  checkVocabulary('decodeText', vocabulary);
  if (!isList(tokens)) refuse('decodeText', 'tokens', tokens, 'a list of whole numbers');
  return Array.from(tokens, (token, i) => {
    const character = vocabulary[token];
    if (character !== undefined) return character;
    throw new LanewiseError(
      'data',
      `token ${token} at ${i} is not below the vocabulary's ${vocabulary.length}`,
    );
  }).join('');
}

/**
 * @throws LanewiseError kind 'argument' for a value that is not a list of texts, such as a text passed in the
 * vocabulary's place.
 */
export function checkVocabulary(owner: string, vocabulary: unknown): void {
  listOf(text)(owner, 'vocabulary', vocabulary);
}

/** Options for cutting a text into samples. */
export interface TextWindowsOptions {
  /** Characters in a window: the model's `length`; default 64. */
  readonly length?: number;
  /** Distance from one window's start to the next; default 1. */
  readonly stride?: number;
  /** Default the text's own. */
  readonly vocabulary?: Vocabulary;
}

/** Bound on the bytes of all windows and their targets. */
const MAX_BYTES = 2 ** 31;

/**
 * Windows of a text: `input` of `length` tokens, and as targets `output` the token that follows each of them. A
 * remainder shorter than a stride is left out.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers of at least 1, kind 'data' for a text
 * without a whole window, or with characters that the vocabulary lacks; kind 'memory' beyond 2 GiB.
 */
export function textWindows(text: string, options: TextWindowsOptions = {}): TensorDataset {
  if (typeof text !== 'string') refuse('textWindows', 'text', text, 'a text');
  const {
    length = 64,
    stride = 1,
    vocabulary = vocabularyOf(text),
  } = checkOptions('textWindows', options, {
    length: wholeFrom(1),
    stride: wholeFrom(1),
    vocabulary: true,
  });
  const tokens = encodeText(text, vocabulary);
  const count = Math.floor((tokens.length - 1 - length) / stride) + 1;
  if (count < 1) {
    throw new LanewiseError(
      'data',
      `a text of ${tokens.length} characters has no window of ${length}, expected at least ${length + 1}`,
    );
  }
  const bytes = 2 * 4 * count * length;
  if (bytes > MAX_BYTES) {
    throw new LanewiseError(
      'memory',
      `${count} windows of ${length} characters and what follows them take ${bytes} bytes, expected at most ${MAX_BYTES}`,
      `a stride of ${Math.ceil((stride * bytes) / MAX_BYTES)} or more takes fewer`,
    );
  }
  const from = (shift: number): Int32Array => {
    const values = new Int32Array(count * length);
    for (let i = 0; i < count; i++) {
      const start = i * stride + shift;
      values.set(tokens.subarray(start, start + length), i * length);
    }
    return values;
  };
  return {
    name: `windows of ${length} characters`,
    inputs: { input: { shape: [length], values: from(0) } },
    targets: { output: { shape: [length], values: from(1) } },
    vocabulary,
    text: { length },
  };
}
