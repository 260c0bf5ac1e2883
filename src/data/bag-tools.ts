/**
 * What turns texts into rows, installed by what makes or reads a model of texts, so that pages without one do not load it.
 */
import type { bagsOf, TextUnit } from './text-bags.js';
import type { TextFormat } from './text-format.js';

let bags: typeof bagsOf | undefined;

export const installBags = (given: typeof bagsOf): void => {
  bags = given;
};

/** What a model's description says of its texts. */
interface Described {
  readonly text?: TextFormat;
  readonly vocabulary?: readonly string[];
}

/** The rows of texts, for a model that tells classes of texts apart; undefined for anything else. */
export function textRows(
  { text, vocabulary }: Described,
  given: unknown,
): Float32Array | undefined {
  const by: TextUnit | undefined = text?.by;
  const areTexts =
    Array.isArray(given) && given.length > 0 && given.every((one) => typeof one === 'string');
  return by && vocabulary && bags && areTexts ? bags(given, by, vocabulary) : undefined;
}
