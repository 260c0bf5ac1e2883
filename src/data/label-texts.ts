/** Classes written as texts, one a sample: numbers, which may have names, or names. */
import { LanewiseError } from '../base/errors.js';
import { quote, shorten } from '../base/check.js';

/** Bound on the number of classes. */
const MAX_CLASSES = 65_536;

/**
 * Labels and class names. If all texts are whole numbers they are labels, named by `given`, or by themselves from 0 to
 * the largest; otherwise classes are the texts, sorted, or those of `given`. `nameOf` names a sample in messages.
 * @throws LanewiseError kind 'data' for a number without a name, a text that is none of them, or too many classes.
 */
export function classesOf(
  name: string,
  texts: readonly string[],
  given: readonly string[] | undefined,
  nameOf: (index: number) => string,
): { readonly labels: Uint8Array | Int32Array; readonly classes: readonly string[] } {
  const refuse = (index: number, expected: string) =>
    new LanewiseError(
      'data',
      `'${name}', ${nameOf(index)}: the class is ${quote(texts[index])}, expected ${expected}`,
    );
  const areNumbers = texts.every((text) => /^\d{1,9}$/.test(text));
  const classes = given ?? (areNumbers ? numbersUpTo(texts) : [...new Set(texts)].toSorted());
  if (!classes || classes.length > MAX_CLASSES)
    throw new LanewiseError('data', `'${name}' has more than ${MAX_CLASSES} classes`);
  const places = new Map(classes.map((text, place) => [text, place]));
  // Classes may be called 7 and 3.
  const areNames = texts.every((text) => places.has(text));
  const labels = new (classes.length > 256 ? Int32Array : Uint8Array)(texts.length);
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i]!;
    const place = areNumbers && !areNames ? Number(text) : (places.get(text) ?? -1);
    if (place < 0 || place >= classes.length)
      throw refuse(
        i,
        areNumbers ? `0–${classes.length - 1}` : `one of ${shorten(classes.join(', '))}`,
      );
    labels[i] = place;
  }
  return { labels, classes };
}

/** `0`, `1`, … to the largest of the texts; undefined for too many. */
function numbersUpTo(texts: readonly string[]): readonly string[] | undefined {
  const most = texts.reduce((least, text) => Math.max(least, Number(text)), -1);
  return most < MAX_CLASSES ? Array.from({ length: most + 1 }, (_, i) => String(i)) : undefined;
}
