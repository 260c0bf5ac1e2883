/**
 * Texts as rows of features for telling their classes apart: how often each word of a vocabulary, or each three
 * characters in a row, occurs in a text. Features are square roots of counts, divided by their norm, so that long and
 * short texts weigh the same; the first feature counts what the vocabulary lacks.
 */
import { LanewiseError } from '../base/errors.js';

/** What a text is taken apart into. */
export type TextUnit = 'words' | 'trigrams';

/** Stands for every unit that is none of a vocabulary's others. */
export const UNKNOWN = '';

/** Words, numbers and signs, in small letters. */
const WORD = /[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+|[^\s\p{L}\p{M}\p{N}]/gu;

/** Three characters in a row, where runs of white space are one space, as at the text's ends. */
function trigramsOf(text: string): string[] {
  const characters = [...` ${text.toLowerCase().trim()} `.replace(/\s+/g, ' ')];
  return characters.slice(2).map((_, i) => characters.slice(i, i + 3).join(''));
}

/** The units of a text in their order. */
export const unitsOf = (text: string, by: TextUnit): readonly string[] =>
  by === 'words' ? (text.toLowerCase().match(WORD) ?? []) : trigramsOf(text);

/**
 * The most frequent units of texts, at most `most`, each in two texts at least unless there are few texts; what is as frequent
 * goes by code points. The first entry stands for all others.
 */
export function bagVocabulary(texts: readonly string[], by: TextUnit, most: number): string[] {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const unit of new Set(unitsOf(text, by))) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  const least = texts.length < FEW ? 1 : 2;
  const kept = [...counts].filter(([, count]) => count >= least);
  kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return [UNKNOWN, ...kept.slice(0, most - 1).map(([unit]) => unit)];
}

/** Of fewer texts even words that occur in one are kept. */
const FEW = 20;

/** Most bytes of all rows. */
const MOST_BYTES = 2 ** 31;

/** The rows of texts, as many features each as the vocabulary has units. @throws LanewiseError kind 'memory' for more than 2 GiB. */
export function bagsOf(
  texts: readonly string[],
  by: TextUnit,
  vocabulary: readonly string[],
): Float32Array {
  const width = vocabulary.length;
  const bytes = 4 * texts.length * width;
  if (bytes > MOST_BYTES)
    throw new LanewiseError(
      'memory',
      `${texts.length} texts with ${width} features each take ${bytes} bytes, expected at most ${MOST_BYTES}`,
      'score fewer at a time, or train with a smaller vocabulary',
    );
  const places = new Map(vocabulary.map((unit, place) => [unit, place]));
  const rows = new Float32Array(texts.length * width);
  texts.forEach((text, i) => {
    const row = rows.subarray(i * width, (i + 1) * width);
    const units = unitsOf(text, by);
    for (const unit of units) row[places.get(unit) ?? 0]!++;
    // The sum of the squares of the roots is the number of units.
    for (let k = 0; k < width; k++) if (row[k]! > 0) row[k] = Math.sqrt(row[k]! / units.length);
  });
  return rows;
}
